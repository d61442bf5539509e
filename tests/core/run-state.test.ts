/** How runs end: from the leaves, and only when they have all ended. */
import { expect, test } from 'vitest'
import { leafTasks, runOutcome } from '../../core/run-state.ts'
import { FINISHED_TI_STATES, TI_STATES, type TiState } from '../../core/states.ts'

test('leaves have no downstream task', () => {
  expect(leafTasks([2, 0, 1, 0])).toEqual([1, 3])
  expect(leafTasks(new Int32Array([]))).toEqual([])
})

test('every pair of leaf states', () => {
  const bad: readonly TiState[] = ['failed', 'upstream_failed', 'compensated', 'compensation_failed']
  for (const a of TI_STATES) {
    for (const b of TI_STATES) {
      if (FINISHED_TI_STATES.has(a) && FINISHED_TI_STATES.has(b)) {
        expect(runOutcome([a, b]), `${a}, ${b}`).toBe(bad.includes(a) || bad.includes(b) ? 'failed' : 'success')
      } else {
        expect(() => runOutcome([a, b]), `${a}, ${b}`).toThrow('while a leaf is')
      }
    }
  }
})

test('no leaf left is a success', () => {
  expect(runOutcome([])).toBe('success')
  expect(runOutcome(['removed'])).toBe('success')
})
