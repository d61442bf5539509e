import { expect, it } from 'vitest'
import { explainTi, type TiFacts } from '../../core/explain-ti.ts'
import type { TiState } from '../../core/states.ts'
import { SIMULATED_DEFAULTS } from '../../testing/simulation/simulated-defaults.ts'
import { dag, run, ti, tryOf, version } from '../support/records.ts'

function failed(state: TiState, fields: Partial<TiFacts> = {}): TiFacts {
  const own = ti(17, 1, 'a', { state, tryNumber: 4 })
  return {
    dag: dag('d'),
    run: run(1, 'd', { state: 'failed' }),
    ti: own,
    tis: [own],
    version: version(1, 'd'),
    tries: [tryOf(17, 4, 1, { state: 'failed', cause: { kind: 'error', message: 'Error: gone' } })],
    events: [],
    runningRuns: 0,
    queuedBefore: 0,
    units: [],
    pools: [],
    draining: false,
    defaults: SIMULATED_DEFAULTS,
    slots: 1,
    leading: true,
    now: 1_700_000_000_000,
    ...fields,
  }
}

const said = (facts: TiFacts) => explainTi(facts).map((one) => one.message)

it('a failure for good names its dead letter, and the strategy that has no retries', () => {
  expect(said(failed('failed'))).toEqual([
    'Try 4 ended (error): Error: gone',
    '4 of 4 tries are used.',
    'It left a dead letter: `tradewind dead-letters show 17-4`.',
  ])
  const { serialized, ...rest } = version(1, 'd')
  const strict = { ...rest, serialized: { ...serialized, errorStrategy: 'dead-letter' as const } }
  expect(said(failed('failed', { version: strict }))).toContain(
    'Its error strategy is dead-letter: nothing is repeated.',
  )
  expect(said(failed('compensation_failed'))).toContain('It left a dead letter: `tradewind dead-letters show 17-4`.')
})

it('who was marked by hand has none', () => {
  expect(said(failed('failed', { tries: [] })).join()).not.toContain('letter')
})
