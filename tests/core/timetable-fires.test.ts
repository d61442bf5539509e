/** What fires when, by hand: starts, ends, pauses, downtime, and the sentences for people. */
import { describe, expect, test } from 'vitest'
import {
  checkCron,
  checkTimezone,
  describeSchedule,
  manualInterval,
  nextFire,
  type ScheduleSpec,
  upcomingFires,
} from '../../core/timetable/index.ts'

const at = (text: string): number => Date.parse(text)
const daily: ScheduleSpec = {
  schedule: { kind: 'cron', expression: '0 2 * * *' },
  timezone: 'UTC',
  startDate: null,
  endDate: null,
  catchup: false,
}
const last = (text: string) => ({ logicalDate: at(text), intervalEnd: at(text) })
const iso = (fire: { readonly logicalDate: number } | null): string | null =>
  fire === null ? null : new Date(fire.logicalDate).toISOString().slice(0, 16)

describe('without catchup', () => {
  const since = at('2026-03-01T12:00Z')

  test('a new or unpaused Dag fires at its next tick, never in the past', () => {
    expect(iso(nextFire(daily, null, since, since))).toBe('2026-03-02T02:00')
    expect(iso(nextFire({ ...daily, startDate: at('2020-01-01') }, null, since, since))).toBe('2026-03-02T02:00')
    expect(iso(nextFire(daily, last('2026-01-05T02:00Z'), since, since))).toBe('2026-03-02T02:00')
  })

  test('a tick exactly at since fires', () => {
    const tick = at('2026-03-02T02:00Z')
    expect(iso(nextFire(daily, null, tick, tick))).toBe('2026-03-02T02:00')
    expect(iso(nextFire(daily, { logicalDate: tick, intervalEnd: tick }, tick, tick))).toBe('2026-03-03T02:00')
  })

  test('after downtime only the newest missed tick fires', () => {
    const now = at('2026-03-09T01:59Z')
    expect(iso(nextFire(daily, last('2026-03-02T02:00Z'), since, now))).toBe('2026-03-08T02:00')
    expect(iso(nextFire(daily, last('2026-03-08T02:00Z'), since, now))).toBe('2026-03-09T02:00')
  })

  test('a start date in the future holds it back, inclusively', () => {
    expect(iso(nextFire({ ...daily, startDate: at('2026-04-01T02:00Z') }, null, since, since))).toBe('2026-04-01T02:00')
  })

  test('the end date is inclusive, also for a tick missed while down', () => {
    const spec = { ...daily, endDate: at('2026-03-05T02:00Z') }
    expect(iso(nextFire(spec, last('2026-03-04T02:00Z'), since, since))).toBe('2026-03-05T02:00')
    expect(nextFire(spec, last('2026-03-05T02:00Z'), since, since)).toBeNull()
    expect(iso(nextFire(spec, last('2026-03-02T02:00Z'), since, at('2026-06-01')))).toBe('2026-03-05T02:00')
  })
})

describe('with catchup', () => {
  const spec: ScheduleSpec = {
    ...daily,
    schedule: { kind: 'cron', expression: '0 0 * * *' },
    catchup: true,
    startDate: at('2012-01-01'),
    endDate: at('2015-12-31'),
  }

  test('four years of days: 1,461 runs, none missing, none doubled', () => {
    const fires = upcomingFires(spec, null, at('2026-01-01'), at('2026-01-01'), 2_000)
    expect(fires).toHaveLength(1_461)
    fires.forEach((fire, i) => {
      expect(fire.logicalDate).toBe(at('2012-01-01') + i * 86_400_000)
    })
  })

  test('goes on after the last run, and a start date moved later skips ahead', () => {
    expect(iso(nextFire(spec, last('2012-02-03T00:00Z'), 0, 0))).toBe('2012-02-04T00:00')
    expect(iso(nextFire({ ...spec, startDate: at('2014-01-01') }, last('2012-02-03'), 0, 0))).toBe('2014-01-01T00:00')
  })

  test('without a start date it begins where the schedule began to count', () => {
    const since = at('2013-05-05T05:00Z')
    expect(iso(nextFire({ ...spec, startDate: null }, null, since, since))).toBe('2013-05-06T00:00')
  })
})

describe('other schedules', () => {
  const since = at('2026-03-01T12:03Z')

  test('none never fires', () => {
    expect(nextFire({ ...daily, schedule: { kind: 'none' } }, null, since, since)).toBeNull()
  })

  test('once fires one time: now, or at its start date', () => {
    const once: ScheduleSpec = { ...daily, schedule: { kind: 'once' } }
    expect(nextFire(once, null, since, since + 5)).toEqual({
      logicalDate: since,
      dataIntervalStart: since,
      dataIntervalEnd: since,
      runAfter: since,
    })
    expect(iso(nextFire({ ...once, startDate: at('2027-01-01') }, null, since, since))).toBe('2027-01-01T00:00')
    expect(nextFire(once, last('2026-03-01'), since, since)).toBeNull()
    expect(nextFire({ ...once, endDate: at('2026-01-01') }, null, since, since)).toBeNull()
  })

  test('an interval counts from the epoch, or from its start date', () => {
    const every: ScheduleSpec = { ...daily, schedule: { kind: 'interval', everyMs: 600_000 } }
    expect(iso(nextFire(every, null, since, since))).toBe('2026-03-01T12:10')
    expect(iso(nextFire({ ...every, startDate: at('2026-01-01T00:07Z') }, null, since, since))).toBe('2026-03-01T12:07')
    expect(iso(nextFire(every, last('2026-03-01T12:10Z'), since, at('2026-03-01T14:14Z')))).toBe('2026-03-01T14:10')
    expect(() => nextFire({ ...every, schedule: { kind: 'interval', everyMs: 0 } }, null, 0, 0)).toThrow('0 ms')
  })

  test('a manual run has an empty interval at its time', () => {
    expect(manualInterval(daily, since)).toEqual({ start: since, end: since })
  })
})

describe('sentences', () => {
  test.each([
    ['0 2 * * *', null],
    ['*/15 9-17 * * MON-FRI', null],
    ['0 0 30 2 *', 'Invalid explicit day of month'],
    ['0 0 31 4,6 *', 'Invalid explicit day of month'],
    ['61 * * * *', 'expected range 0-59'],
    ['0 2 * *', 'has 4 fields'],
    ['0 0 2 * * *', 'has 6 fields'],
    ['', 'has 0 fields'],
    ['H 2 * * *', 'uses H'],
    ['nonsense at all * *', 'Invalid characters'],
  ])('checkCron(%j)', (expression, problem) => {
    const said = checkCron(expression)
    if (problem === null) expect(said).toBeNull()
    else expect(said).toContain(problem)
  })

  test.each([
    ['0 0 1-5,3 * *', '0 0 1-5 * *'],
    ['0 0 * * 0,7', '0 0 * * 0'],
    ['0 0 * * 5-7,sun,1', '0 0 * * 0,1,5,6'],
    ['*,1 * * * *', '* * * * *'],
    ['*/20,10-40/15,20 0 * jan-mar,FEB *', '0,10,20,25,40 0 * 1-3 *'],
    ['0 0 *,13 * 5', '0 0 * * 5'],
    ['50/5,55 0 * * *', '50,55 0 * * *'],
  ])('a list may repeat itself: %s is %s', (written, plain) => {
    const fires = (expression: string) =>
      upcomingFires({ ...daily, schedule: { kind: 'cron', expression } }, null, 0, 0, 40).map((f) => f.logicalDate)
    expect(fires(written)).toEqual(fires(plain))
  })

  test.each(['0 0 1,32 * *', '0 0 * * 1,8', '0 0 5-1,2 * *', '0 0 1,, * *', '0 0 * foo,jan *', '1,2/0 0 * * *'])(
    'a list is no way around the checks: %s',
    (expression) => {
      expect(checkCron(expression)).toContain('cannot be read')
    },
  )

  test('checkTimezone names the value and the remedy', () => {
    expect(checkTimezone('Europe/Berlin')).toBeNull()
    expect(checkTimezone('Europe/Berlim')).toMatch(/"Europe\/Berlim".*IANA/)
    expect(() => nextFire({ ...daily, timezone: 'Mars/Base' }, null, 0, 0)).toThrow('Mars/Base')
  })

  test.each([
    ['0 2 * * *', 'every day at 02:00 (UTC)'],
    ['*/15 * * * *', 'every 15 minutes (UTC)'],
    ['*/7 * * * *', 'cron */7 * * * * (UTC)'],
    ['5 * * * *', 'every hour at minute 5 (UTC)'],
    ['30 6 * * 1-5', 'Monday to Friday at 06:30 (UTC)'],
    ['0 0 * * 0', 'every Sunday at 00:00 (UTC)'],
    ['0 0 1 * *', 'on day 1 of every month at 00:00 (UTC)'],
    ['0 0 1 1 1', 'cron 0 0 1 1 1 (UTC)'],
  ])('describeSchedule(%s)', (expression, words) => {
    expect(describeSchedule({ kind: 'cron', expression }, 'UTC')).toBe(words)
  })

  test('other kinds in words', () => {
    expect(describeSchedule({ kind: 'none' }, 'UTC')).toBe('on demand only')
    expect(describeSchedule({ kind: 'once' }, 'UTC')).toBe('once')
    expect(describeSchedule({ kind: 'interval', everyMs: 5_400_000 }, 'UTC')).toBe('every 90 minutes')
    expect(describeSchedule({ kind: 'interval', everyMs: 86_400_000 }, 'UTC')).toBe('every day')
  })
})
