/** The SDK's own cron check says the same as the reading that counts. */
import fc from 'fast-check'
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
  '0 0 l * *',
  '0 0 * * 1#2,3',
  '0 0 * * 1#6',
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

test('what is let in here can be read where it counts', () => {
  const number = fc.integer({ min: 0, max: 62 }).map(String)
  const atom = fc.oneof(
    fc.constant('*'),
    number,
    fc.tuple(number, number).map(([a, b]) => `${a}-${b}`),
    fc.tuple(fc.constantFrom('*', '1', '2-5'), number).map(([a, step]) => `${a}/${step}`),
    fc.constantFrom(
      'L',
      '?',
      'MON',
      'jan',
      '5L',
      '1#2',
      'mon-fri',
      'FRI-MON',
      '*-5',
      'W',
      '15W',
      '',
      '00',
      '1.5',
      '-1',
    ),
  )
  const field = fc.oneof(
    { weight: 4, arbitrary: fc.constant('*') },
    atom,
    fc.tuple(atom, atom).map((two) => two.join()),
  )
  fc.assert(
    fc.property(fc.array(field, { minLength: 5, maxLength: 5 }), (fields) => {
      const expression = fields.join(' ')
      if (checkCron(expression) === undefined) expect(checkForReal(expression)).toBeNull()
    }),
    { numRuns: 3_000 },
  )
})

test('a step longer than its field is refused, although it could be read: it never does what it says', () => {
  expect(checkCron('*/90 * * * *')).toContain('step 90')
})
