/** The SDK's own cron check says the same as the reading that counts. */
import { expect, test } from 'vitest'
import { checkCron as checkForReal } from '../../core/timetable/naive-cron.ts'
import { checkCron } from '../../sdk/serialize/check-cron.ts'

const GOOD = [
  '* * * * *',
  '0 2 * * *',
  '*/15 * * * *',
  '5/15 * * * *',
  '0 0 1,15 * *',
  '0 0 * * 0',
  '0 0 * * 7',
  '0 0 * * MON-FRI',
  '0 0 * jan,JUL *',
  '0 9-17/2 * * 1-5',
  '0 0 29 2 *',
  '0 0 31 * *',
  '0 0 30 2 1',
  '  0   0 * * * ',
  '0 0 L * *',
  '0 0 * * 5#2',
  '0 0 * * 5L',
  '0 0 ? * 1',
]
const BAD = [
  '',
  '* * * *',
  '0 0 * * * * *',
  '60 * * * *',
  '0 24 * * *',
  '0 0 0 * *',
  '0 0 32 * *',
  '0 0 * 13 *',
  '0 0 * * 8',
  '0 0 30 2 *',
  '0 0 31 4,6 *',
  '*/0 * * * *',
  '5-1 * * * *',
  'a * * * *',
  '1,,2 * * * *',
  '0 0 * foo *',
  'H * * * *',
]

test.each(GOOD)('%j is read', (expression) => {
  expect(checkCron(expression)).toBeUndefined()
  expect(checkForReal(expression)).toBeNull()
})

test.each(BAD)('%j is refused', (expression) => {
  expect(checkCron(expression)).toEqual(expect.any(String))
  expect(checkForReal(expression)).toEqual(expect.any(String))
})

test('six fields are refused for their seconds', () => {
  expect(checkCron('0 0 2 * * *')).toContain('seconds')
})
