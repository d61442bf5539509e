/** Schedules beyond one cron or one interval: data intervals, several sources, calendar periods, events, exceptions, continuous. */
import { describe, expect, test } from 'vitest'
import type { Schedule, TickSource } from '../../core/serialized-dag.ts'
import {
  describeSchedule,
  type LastRun,
  manualInterval,
  nextFire,
  type ScheduleSpec,
  upcomingFires,
} from '../../core/timetable/index.ts'

const at = (text: string) => Date.parse(text)
const iso = (instant: number) => new Date(instant).toISOString().replace('.000Z', 'Z')

function spec(schedule: Schedule, over: Partial<ScheduleSpec> = {}): ScheduleSpec {
  return { schedule, timezone: 'UTC', startDate: null, endDate: null, catchup: false, ...over }
}

const cron = (expression: string): TickSource => ({ kind: 'cron', expression })
const daily: Schedule = { kind: 'ticks', sources: [cron('0 0 * * *')], dataIntervals: true }

function fires(of: ScheduleSpec, now: string, count: number, last: LastRun | null = null, since = now) {
  return upcomingFires(of, last, at(since), at(now), count)
}
const ticksOf = (of: ScheduleSpec, now: string, count: number) =>
  fires(of, now, count).map((fire) => iso(fire.runAfter))

describe('data intervals', () => {
  test('a run comes at the end of its interval and is named after the beginning', () => {
    expect(nextFire(spec(daily), null, at('2026-03-01T10:00Z'), at('2026-03-01T10:00Z'))).toEqual({
      logicalDate: at('2026-03-01T00:00Z'),
      dataIntervalStart: at('2026-03-01T00:00Z'),
      dataIntervalEnd: at('2026-03-02T00:00Z'),
      runAfter: at('2026-03-02T00:00Z'),
    })
  })

  test('with catchup the first interval begins at the first tick from the start date on', () => {
    const of = spec(daily, { catchup: true, startDate: at('2026-01-01T06:00Z') })
    const [first, second] = fires(of, '2026-01-05T00:00Z', 2)
    expect([iso(first!.logicalDate), iso(first!.runAfter)]).toEqual(['2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'])
    expect(second!.dataIntervalStart).toBe(first!.dataIntervalEnd)
  })

  test('the end date bounds the beginning, and the interval that begins at it is the last', () => {
    const of = spec(daily, { catchup: true, startDate: at('2026-01-01T00:00Z'), endDate: at('2026-01-03T00:00Z') })
    expect(fires(of, '2026-02-01T00:00Z', 10).map((fire) => iso(fire.logicalDate))).toEqual([
      '2026-01-01T00:00:00Z',
      '2026-01-02T00:00:00Z',
      '2026-01-03T00:00:00Z',
    ])
  })

  test('without catchup time spent down makes one run, for the newest complete interval', () => {
    const last = { logicalDate: at('2026-01-01T00:00Z'), intervalEnd: at('2026-01-02T00:00Z') }
    const fire = nextFire(spec(daily), last, at('2025-01-01T00:00Z'), at('2026-01-20T13:00Z'))
    expect([iso(fire!.logicalDate), iso(fire!.runAfter)]).toEqual(['2026-01-19T00:00:00Z', '2026-01-20T00:00:00Z'])
  })

  test('without catchup the end date holds for what was missed, too', () => {
    const of = spec(daily, { endDate: at('2026-01-10T12:00Z') })
    const last = { logicalDate: at('2026-01-01T00:00Z'), intervalEnd: at('2026-01-02T00:00Z') }
    expect(iso(nextFire(of, last, 0, at('2026-01-20T13:00Z'))!.logicalDate)).toBe('2026-01-10T00:00:00Z')
    const done = { logicalDate: at('2026-01-10T00:00Z'), intervalEnd: at('2026-01-11T00:00Z') }
    expect(nextFire(of, done, 0, at('2026-01-20T13:00Z'))).toBeNull()
  })

  test('after a schedule without intervals no logical date comes twice', () => {
    const last = { logicalDate: at('2026-01-05T00:00Z'), intervalEnd: at('2026-01-05T00:00Z') }
    const of = spec(daily, { catchup: true })
    expect(iso(nextFire(of, last, 0, at('2026-02-01T00:00Z'))!.logicalDate)).toBe('2026-01-06T00:00:00Z')
  })

  test('a run by hand covers the last complete interval', () => {
    expect(manualInterval(spec(daily), at('2026-03-05T10:00Z'))).toEqual({
      start: at('2026-03-04T00:00Z'),
      end: at('2026-03-05T00:00Z'),
    })
    expect(manualInterval(spec({ kind: 'cron', expression: '0 0 * * *' }), 7)).toEqual({ start: 7, end: 7 })
  })

  test.each([0, 1, 2, 3, 4])('a restart at any time changes nothing (%i)', (n) => {
    const of = spec(
      { kind: 'ticks', sources: [cron('30 2 * * *'), cron('0 12 * * 1-5')], dataIntervals: true },
      { timezone: 'Europe/Berlin', catchup: true, startDate: at('2026-03-25T00:00Z') },
    )
    const all = fires(of, '2026-03-25T00:00Z', 30)
    const last = all[n * 5]!
    const rest = fires(of, '2026-04-20T03:17:00Z', 24 - n * 5, {
      logicalDate: last.logicalDate,
      intervalEnd: last.dataIntervalEnd,
    })
    expect(rest).toEqual(all.slice(n * 5 + 1, n * 5 + 1 + rest.length))
    for (const [i, fire] of all.entries()) if (i > 0) expect(fire.dataIntervalStart).toBe(all[i - 1]!.dataIntervalEnd)
  })
})

describe('several sources and exceptions', () => {
  test('ticks that coincide are one', () => {
    const of = spec({ kind: 'ticks', sources: [cron('0 */2 * * *'), cron('0 */3 * * *')] })
    expect(ticksOf(of, '2026-01-01T00:30Z', 5).map((tick) => tick.slice(11, 13))).toEqual([
      '02',
      '03',
      '04',
      '06',
      '08',
    ])
  })

  test('nothing fires on the local dates that are excluded', () => {
    const of = spec(
      { kind: 'ticks', sources: [cron('30 7 * * 1-5')], except: ['2026-12-25', '2026-12-28'] },
      { timezone: 'Europe/Berlin' },
    )
    expect(ticksOf(of, '2026-12-24T00:00Z', 3)).toEqual([
      '2026-12-24T06:30:00Z',
      '2026-12-29T06:30:00Z',
      '2026-12-30T06:30:00Z',
    ])
    const late = nextFire(of, null, at('2026-12-01T00:00Z'), at('2026-12-28T12:00Z'))
    expect(iso(late!.runAfter)).toBe('2026-12-24T06:30:00Z')
  })
})

describe('calendar periods', () => {
  const monthly = (startDate: string, timezone = 'UTC', months = 1, days = 0) =>
    spec(
      { kind: 'ticks', sources: [{ kind: 'calendar', months, days }] },
      { startDate: at(startDate), timezone, catchup: true },
    )

  test('a day that a month lacks is its last one, and the day comes back', () => {
    expect(ticksOf(monthly('2026-01-31T09:00Z'), '2026-01-01T00:00Z', 4)).toEqual([
      '2026-01-31T09:00:00Z',
      '2026-02-28T09:00:00Z',
      '2026-03-31T09:00:00Z',
      '2026-04-30T09:00:00Z',
    ])
  })

  test('counts by the wall clock', () => {
    expect(ticksOf(monthly('2026-02-15T08:00Z', 'Europe/Berlin'), '2026-01-01T00:00Z', 3)).toEqual([
      '2026-02-15T08:00:00Z',
      '2026-03-15T08:00:00Z',
      '2026-04-15T07:00:00Z',
    ])
    // 02:30 is missing on 29 March: an hour later there.
    expect(ticksOf(monthly('2026-03-28T01:30Z', 'Europe/Berlin', 0, 1), '2026-01-01T00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ])
  })

  test('a start that is a leap day', () => {
    expect(ticksOf(monthly('2024-02-29T00:00Z', 'UTC', 12), '2024-01-01T00:00Z', 5).map((t) => t.slice(0, 10))).toEqual(
      ['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28', '2028-02-29'],
    )
  })

  test.each(['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Pacific/Apia', 'Australia/Lord_Howe'])(
    'next and previous agree, and restarts lose nothing, in %s',
    (timezone) => {
      for (const [months, days] of [
        [1, 0],
        [0, 7],
        [0, 1],
        [3, 0],
        [1, 10],
      ] as const) {
        const of = monthly('2011-11-30T12:15Z', timezone, months, days)
        const all = fires(of, '2011-11-30T00:00Z', 60).map((fire) => fire.runAfter)
        for (let i = 1; i < all.length; i++) {
          expect(all[i]).toBeGreaterThan(all[i - 1]!)
          const last = { logicalDate: all[i - 1]!, intervalEnd: all[i - 1]! }
          expect(nextFire(of, last, 0, all[i]! + 5)?.runAfter).toBe(all[i])
          const missed = nextFire({ ...of, catchup: false }, null, 0, all[i]! + 1)
          expect(missed?.runAfter).toBe(all[i])
        }
      }
    },
  )
})

describe('events and continuous', () => {
  test('given instants, each once', () => {
    const of = spec({ kind: 'events', at: [at('2026-01-01T08:00Z'), at('2026-06-01T08:00Z')] }, { catchup: true })
    expect(ticksOf(of, '2025-12-01T00:00Z', 5)).toEqual(['2026-01-01T08:00:00Z', '2026-06-01T08:00:00Z'])
    const missed = nextFire({ ...of, catchup: false }, null, at('2025-12-01T00:00Z'), at('2026-07-01T00:00Z'))
    expect(iso(missed!.runAfter)).toBe('2026-06-01T08:00:00Z')
  })

  test('continuous: now, or when it begins; never the same logical date; until the end date', () => {
    const of = spec({ kind: 'continuous' }, { startDate: at('2026-01-01T00:00Z'), endDate: at('2026-02-01T00:00Z') })
    expect(iso(nextFire(of, null, 0, at('2025-12-01T00:00Z'))!.runAfter)).toBe('2026-01-01T00:00:00Z')
    const now = at('2026-01-02T00:00Z')
    expect(nextFire(of, { logicalDate: now, intervalEnd: now }, 0, now)!.logicalDate).toBe(now + 1)
    expect(nextFire(of, null, 0, at('2026-02-02T00:00Z'))).toBeNull()
  })
})

test.each([
  [
    { kind: 'ticks', sources: [cron('0 2 * * *'), cron('0 12 * * 1-5')] },
    'every day at 02:00, and Monday to Friday at 12:00 (UTC)',
  ],
  [{ kind: 'ticks', sources: [{ kind: 'calendar', months: 1, days: 0 }] }, 'every month (UTC)'],
  [{ kind: 'ticks', sources: [{ kind: 'calendar', months: 24, days: 14 }] }, 'every 2 years and 2 weeks (UTC)'],
  [daily, 'every day at 00:00 (UTC) for the time since the tick before'],
  [
    { kind: 'ticks', sources: [{ kind: 'interval', everyMs: 60_000 }], dataIntervals: true },
    'every minute for the time since the tick before',
  ],
] as const)('%j in words', (schedule, words) => {
  expect(describeSchedule(schedule, 'UTC')).toBe(words)
})
