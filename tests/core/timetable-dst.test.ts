/** Daylight saving by hand: each row was worked out from the zone's published rules, not from the code. */
import { describe, expect, test } from 'vitest'
import { nextTick, previousTick } from '../../core/timetable/cron-ticks.ts'

/** zone, cron, first instant looked at, the ticks from there on. */
const TABLE: readonly (readonly [string, string, string, string, readonly string[]])[] = [
  [
    'a daily time in the gap moves forward by the gap',
    'Europe/Berlin',
    '30 2 * * *',
    '2026-03-28T00:00Z',
    ['2026-03-28T01:30Z', '2026-03-29T01:30Z', '2026-03-30T00:30Z'],
  ],
  [
    'an ambiguous daily time is its second occurrence',
    'Europe/Berlin',
    '30 2 * * *',
    '2026-10-24T00:00Z',
    ['2026-10-24T00:30Z', '2026-10-25T01:30Z', '2026-10-26T01:30Z'],
  ],
  [
    'the end of the fold is not ambiguous',
    'America/New_York',
    '0 2 * * *',
    '2026-11-01T00:00Z',
    ['2026-11-01T07:00Z', '2026-11-02T07:00Z'],
  ],
  [
    'hour * runs in both folded hours',
    'Europe/Berlin',
    '30 * * * *',
    '2026-10-24T23:00Z',
    ['2026-10-24T23:30Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z', '2026-10-25T02:30Z'],
  ],
  [
    'hour * neither doubles nor skips in the gap',
    'Europe/Berlin',
    '30 * * * *',
    '2026-03-29T00:00Z',
    ['2026-03-29T00:30Z', '2026-03-29T01:30Z', '2026-03-29T02:30Z'],
  ],
  [
    'every two hours is not the exception: three hours over a fold',
    'Europe/Berlin',
    '0 */2 * * *',
    '2026-10-24T22:00Z',
    ['2026-10-24T22:00Z', '2026-10-25T01:00Z', '2026-10-25T03:00Z'],
  ],
  [
    'every two hours: the one in the gap moves',
    'Europe/Berlin',
    '0 */2 * * *',
    '2026-03-28T23:00Z',
    ['2026-03-28T23:00Z', '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
  ],
  [
    'two wall times that land on one instant are one tick',
    'Europe/Berlin',
    '15 2,3 * * *',
    '2026-03-29T00:00Z',
    ['2026-03-29T01:15Z', '2026-03-30T00:15Z', '2026-03-30T01:15Z'],
  ],
  [
    'a half-hour gap: 02:00 moves to 02:30',
    'Australia/Lord_Howe',
    '0 * * * *',
    '2026-10-03T14:00Z',
    ['2026-10-03T14:30Z', '2026-10-03T15:30Z', '2026-10-03T16:00Z'],
  ],
  [
    'a half-hour fold: 01:45 is its second occurrence',
    'Australia/Lord_Howe',
    '45 1 * * *',
    '2026-04-03T20:00Z',
    ['2026-04-04T15:15Z', '2026-04-05T15:15Z'],
  ],
  [
    'no midnight on the day summer begins',
    'America/Sao_Paulo',
    '0 0 * * *',
    '2017-10-14T00:00Z',
    ['2017-10-14T03:00Z', '2017-10-15T03:00Z', '2017-10-16T02:00Z'],
  ],
  [
    'the hour before midnight comes twice: the second',
    'America/Sao_Paulo',
    '30 23 * * *',
    '2018-02-17T00:00Z',
    ['2018-02-17T01:30Z', '2018-02-18T02:30Z', '2018-02-19T02:30Z'],
  ],
  [
    'Cairo begins summer at midnight on a Friday',
    'Africa/Cairo',
    '15 0 * * *',
    '2024-04-24T12:00Z',
    ['2024-04-24T22:15Z', '2024-04-25T22:15Z', '2024-04-26T21:15Z'],
  ],
  ['Beirut, midnight gap', 'Asia/Beirut', '0 0 * * *', '2025-03-29T00:00Z', ['2025-03-29T22:00Z', '2025-03-30T21:00Z']],
  [
    'a day that never was takes its daily run with it',
    'Pacific/Apia',
    '0 2 * * *',
    '2011-12-28T00:00Z',
    ['2011-12-28T12:00Z', '2011-12-29T12:00Z', '2011-12-30T12:00Z', '2011-12-31T12:00Z'],
  ],
  [
    'a yearly run on that day moves to the next',
    'Pacific/Apia',
    '0 2 30 12 *',
    '2011-01-01T00:00Z',
    ['2011-12-30T12:00Z', '2012-12-29T12:00Z'],
  ],
  [
    'a gap that reaches over new year',
    'Pacific/Kiritimati',
    '0 23 31 12 *',
    '1994-06-01T00:00Z',
    ['1995-01-01T09:00Z', '1995-12-31T09:00Z'],
  ],
  ['day of month or day of week', 'UTC', '0 0 13 * 5', '2026-02-01T00:00Z', ['2026-02-06', '2026-02-13', '2026-02-20']],
  ['the last day of the month', 'UTC', '0 0 L 2 *', '2027-01-01T00:00Z', ['2027-02-28', '2028-02-29']],
  ['leap days, over a century without one', 'UTC', '0 0 29 2 *', '2096-02-29T00:00Z', ['2096-02-29', '2104-02-29']],
  ['Sunday is 0 and 7', 'UTC', '0 0 * * 7', '2026-11-20T00:00Z', ['2026-11-22', '2026-11-29']],
]

describe('ticks at daylight saving', () => {
  test.each(TABLE)('%s (%s, %s)', (_name, zone, cron, from, expected) => {
    const ticks: number[] = []
    let at = Date.parse(from)
    for (const _ of expected) {
      const tick = nextTick(cron, zone, at)!
      ticks.push(tick)
      at = tick + 1
    }
    expect(ticks.map((tick) => new Date(tick).toISOString())).toEqual(
      expected.map((text) => new Date(text).toISOString()),
    )
    const back: number[] = []
    let before = ticks.at(-1)!
    for (const _ of expected) {
      const tick = previousTick(cron, zone, before)!
      back.unshift(tick)
      before = tick - 1
    }
    expect(back).toEqual(ticks)
  })
})

describe('the edges of time', () => {
  test('nothing is found beyond the years looked at, and quickly', () => {
    expect(nextTick('0 0 * * *', 'Europe/Berlin', Date.parse('9999-01-01T00:00:00Z'))).toBeNull()
    expect(nextTick('0 0 * * *', 'Europe/Berlin', Number.MAX_VALUE)).toBeNull()
    expect(previousTick('0 0 * * *', 'Europe/Berlin', -Number.MAX_VALUE)).toBeNull()
    expect(previousTick('0 0 * * *', 'UTC', Date.parse('1900-01-01T00:00:00Z'))).toBe(Date.parse('1900-01-01T00:00Z'))
  })

  test('a tick exactly at new year, in zones on both sides', () => {
    const newYear = Date.parse('2026-01-01T00:00Z')
    expect(nextTick('0 0 1 1 *', 'UTC', newYear)).toBe(newYear)
    expect(previousTick('0 0 1 1 *', 'UTC', newYear)).toBe(newYear)
    expect(nextTick('0 0 1 1 *', 'Asia/Tokyo', Date.parse('2025-06-01T00:00Z'))).toBe(newYear - 9 * 3_600_000)
    expect(nextTick('0 0 1 1 *', 'America/Lima', Date.parse('2025-06-01T00:00Z'))).toBe(newYear + 5 * 3_600_000)
  })
})
