/** Properties of ticks and fire times over random crons, zones and instants. */
import { Cron } from 'croner'
import fc from 'fast-check'
import { IANAZone } from 'luxon'
import { describe, expect, test } from 'vitest'
import { nextTick, previousTick } from '../../core/timetable/cron-ticks.ts'
import { type LastRun, nextFire, type ScheduleSpec, upcomingFires } from '../../core/timetable/index.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Nuuk',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Tehran',
  'Asia/Kolkata',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Antarctica/Troll',
]

const zones = fc.constantFrom(...ZONES)
const instants = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2035, 0, 1) })

/** One field: `*`, a number, a list, a range, or steps over all or a range. */
function fields(min: number, max: number): fc.Arbitrary<string> {
  const number = fc.integer({ min, max })
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const step = fc.integer({ min: 2, max: max - min })
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: number.map(String) },
    fc.uniqueArray(number, { minLength: 2, maxLength: 4 }).map((list) => list.join(',')),
    range,
    step.map((n) => `*/${n}`),
    fc.tuple(range, step).map(([r, n]) => `${r}/${n}`),
  )
}

/** Every month has at least 28 days, so that every such cron fires. */
const crons = fc.tuple(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 6)).map((f) => f.join(' '))

describe('ticks', () => {
  test('croner finds the same ones where no clock changes', () => {
    fc.assert(
      fc.property(crons, instants, (cron, start) => {
        const [, , day = '*', , weekday = '*'] = cron.split(' ')
        // A stepped day field beside a day-of-week field: vixie cron ANDs them, we and Airflow OR them (docs/timetables.md).
        fc.pre(day === '*' || weekday === '*' || !(day.startsWith('*/') || weekday.startsWith('*/')))
        const oracle = new Cron(cron, { timezone: 'UTC' })
        let at = start
        for (let i = 0; i < 10; i++) {
          const expected = oracle.nextRun(new Date(at))?.getTime() ?? null
          const tick = nextTick(cron, 'UTC', at + 1)
          expect(tick).toBe(expected)
          if (tick === null) break
          at = tick
        }
      }),
      { numRuns: 300 },
    )
  })

  test('next and previous agree, and ticks strictly increase', () => {
    fc.assert(
      fc.property(crons, zones, instants, (cron, zone, start) => {
        let at = start
        for (let i = 0; i < 8; i++) {
          const tick = nextTick(cron, zone, at)!
          expect(tick).toBeGreaterThanOrEqual(at)
          expect(nextTick(cron, zone, tick)).toBe(tick)
          expect(previousTick(cron, zone, tick)).toBe(tick)
          if (tick > at) expect(previousTick(cron, zone, tick - 1) ?? 0).toBeLessThan(at)
          at = tick + 1
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a daily time runs exactly once on every local date', () => {
    const at = fc.record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) })
    fc.assert(
      fc.property(at, zones, fc.integer({ min: 2010, max: 2034 }), ({ hour, minute }, zone, year) => {
        const iana = IANAZone.create(zone)
        const local = (instant: number) => instant + iana.offset(instant) * MINUTE
        const cron = `${minute} ${hour} * * *`
        const dates: number[] = []
        for (let t = Date.UTC(year, 0, 3); t < Date.UTC(year + 1, 0, 3); ) {
          const tick = nextTick(cron, zone, t)!
          dates.push(Math.floor(local(tick) / DAY))
          t = tick + 1
        }
        for (let i = 1; i < dates.length; i++) {
          // A gap over midnight moves a run into the next date; Apia's 30 December 2011 never was.
          const moved = zone === 'America/Nuuk' && hour === 23
          const missing = zone === 'Pacific/Apia' && dates[i] === Date.UTC(2011, 11, 31) / DAY
          if (!moved) expect(dates[i]! - dates[i - 1]!).toBe(missing ? 2 : 1)
        }
        expect(dates.length).toBeGreaterThanOrEqual(364)
      }),
      { numRuns: 60 },
    )
  })
})

const schedules: fc.Arbitrary<ScheduleSpec['schedule']> = fc.oneof(
  crons.map((expression) => ({ kind: 'cron' as const, expression })),
  fc.integer({ min: 1_000, max: 40 * DAY }).map((everyMs) => ({ kind: 'interval' as const, everyMs })),
)
const specs: fc.Arbitrary<ScheduleSpec> = fc.record({
  schedule: schedules,
  timezone: zones,
  startDate: fc.option(instants),
  endDate: fc.constant(null),
  catchup: fc.boolean(),
})
const asLast = (tick: number): LastRun => ({ logicalDate: tick, intervalEnd: tick })

describe('fire times', () => {
  test('logical dates strictly increase and respect start, end, since and catchup', () => {
    fc.assert(
      fc.property(
        specs,
        instants,
        fc.integer({ min: 0, max: 400 * DAY }),
        fc.option(instants),
        (s, since, down, end) => {
          const spec = { ...s, endDate: end }
          const now = since + down
          let previous = Number.NEGATIVE_INFINITY
          for (const fire of upcomingFires(spec, null, since, now, 6)) {
            expect(fire.logicalDate).toBeGreaterThan(previous)
            expect(fire.runAfter).toBe(fire.logicalDate)
            if (spec.startDate !== null) expect(fire.logicalDate).toBeGreaterThanOrEqual(spec.startDate)
            if (end !== null) expect(fire.logicalDate).toBeLessThanOrEqual(end)
            if (!spec.catchup) expect(fire.logicalDate).toBeGreaterThanOrEqual(since)
            previous = fire.logicalDate
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a restart loses nothing: from any stored last run the same sequence goes on', () => {
    fc.assert(
      fc.property(specs, instants, (s, since) => {
        const spec = { ...s, catchup: true }
        const all = upcomingFires(spec, null, since, since, 12)
        for (let i = 0; i < 9; i++) {
          const stored = asLast(all[i]!.logicalDate)
          expect(upcomingFires(spec, stored, since, since + i * DAY, 3)).toEqual(all.slice(i + 1, i + 4))
        }
      }),
      { numRuns: 100 },
    )
  })

  test('without catchup the time spent down makes one run: the newest missed tick, then the future', () => {
    fc.assert(
      fc.property(specs, instants, fc.integer({ min: 0, max: 400 * DAY }), (s, since, down) => {
        const spec = { ...s, catchup: false, startDate: null }
        const now = since + down
        const fire = nextFire(spec, null, since, now)!
        if (fire.logicalDate > now) return
        const following = nextFire(spec, asLast(fire.logicalDate), since, now)!
        expect(following.logicalDate).toBeGreaterThan(now)
      }),
      { numRuns: 300 },
    )
  })
})
