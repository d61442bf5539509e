/**
 * Every zone of the runtime, around changes of its clock from 2010 to 2035, against an oracle that knows nothing of
 * windows: each wall time of a few days is mapped by itself, by trying the offsets before and after it.
 */
import { IANAZone } from 'luxon'
import { expect, test } from 'vitest'
import { nextTick, previousTick } from '../../core/timetable/cron-ticks.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const QUARTER = HOUR / 4

/** Minutes of the day that a cron of ours names, written by hand beside it. */
const CRONS: readonly { readonly text: string; readonly everyHour: boolean; readonly minutes: readonly number[] }[] = [
  { text: '30 2 * * *', everyHour: false, minutes: [150] },
  { text: '0 0 * * *', everyHour: false, minutes: [0] },
  { text: '15 */2 * * *', everyHour: false, minutes: Array.from({ length: 12 }, (_, i) => i * 120 + 15) },
  { text: '0,45 0-3,23 * * *', everyHour: false, minutes: [0, 1, 2, 3, 23].flatMap((h) => [h * 60, h * 60 + 45]) },
  { text: '30 * * * *', everyHour: true, minutes: Array.from({ length: 24 }, (_, i) => i * 60 + 30) },
]

/** Offsets by quarter of an hour: every change since 2010 falls on one. */
function offsetsOf(zoneName: string): (instant: number) => number {
  const zone = IANAZone.create(zoneName)
  const known = new Map<number, number>()
  return (instant) => {
    const quarter = Math.floor(instant / QUARTER)
    let offset = known.get(quarter)
    if (offset === undefined) {
      offset = zone.offset(quarter * QUARTER) * 60_000
      known.set(quarter, offset)
    }
    return offset
  }
}

/** Instants that a wall time means: our rule, restated. */
function instantsOf(offset: (instant: number) => number, wall: number, bothFolds: boolean): number[] {
  const before = offset(wall - 2 * DAY)
  const candidates = [...new Set([before, offset(wall + 2 * DAY)])]
    .map((o) => wall - o)
    .filter((instant) => instant + offset(instant) === wall)
  if (candidates.length === 0) return [wall - before]
  return bothFolds ? candidates : [Math.max(...candidates)]
}

function expectedTicks(
  offset: (i: number) => number,
  cron: (typeof CRONS)[number],
  from: number,
  to: number,
): number[] {
  const ticks = new Set<number>()
  for (let day = Math.floor(from / DAY) * DAY - 2 * DAY; day <= to + 2 * DAY; day += DAY) {
    for (const minute of cron.minutes) {
      for (const instant of instantsOf(offset, day + minute * 60_000, cron.everyHour)) {
        if (instant >= from && instant < to) ticks.add(instant)
      }
    }
  }
  return [...ticks].sort((a, b) => a - b)
}

/** Days of one year at whose end the offset differs from that at their start. */
function daysWithChange(offset: (instant: number) => number, year: number): number[] {
  const days: number[] = []
  for (let week = Date.UTC(year, 0, 1); week < Date.UTC(year + 1, 0, 1); week += 7 * DAY) {
    if (offset(week) === offset(week + 7 * DAY)) continue
    for (let day = week; day < week + 7 * DAY; day += DAY) if (offset(day) !== offset(day + DAY)) days.push(day)
  }
  return days
}

test('all zones, sampled years from 2010 to 2035: the same ticks forwards, backwards and by the oracle', () => {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  expect(zones.length).toBeGreaterThan(400)
  let compared = 0
  zones.forEach((zone, z) => {
    const offset = offsetsOf(zone)
    // One year a zone, another for each, so that together the zones cover all years; and Apia's year without a day.
    for (const year of new Set([2010 + ((z * 7 + 13) % 26), ...(zone === 'Pacific/Apia' ? [2011] : [])])) {
      const days = daysWithChange(offset, year)
      const middle = days.length > 0 ? days : [Date.UTC(year, z % 12, 15)]
      for (const [i, day] of middle.entries()) {
        const from = day - 2 * DAY
        const to = day + 3 * DAY
        const cron = CRONS[(z + i) % CRONS.length]!
        const expected = expectedTicks(offset, cron, from, to)
        const forwards: number[] = []
        for (let t = nextTick(cron.text, zone, from); t !== null && t < to; t = nextTick(cron.text, zone, t + 1)) {
          forwards.push(t)
        }
        const backwards: number[] = []
        for (let t = previousTick(cron.text, zone, to - 1); t !== null && t >= from; ) {
          backwards.unshift(t)
          t = previousTick(cron.text, zone, t - 1)
        }
        const label = `${zone} ${cron.text} ${new Date(day).toISOString()}`
        expect(forwards, label).toEqual(expected)
        expect(backwards, label).toEqual(expected)
        compared += expected.length
      }
    }
  })
  expect(compared).toBeGreaterThan(5_000)
}, 60_000)
