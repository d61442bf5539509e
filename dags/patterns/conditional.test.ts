import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './conditional.ts'
import { readLedger } from './services.ts'

const SIDES = [
  { amount: 100_00, followed: 'wave_through', skipped: 'approve', by: 'rule', effects: ['shop.place'] },
  {
    amount: 100_01,
    followed: 'approve',
    skipped: 'wave_through',
    by: 'credit desk',
    effects: ['approvals.ask', 'shop.place'],
  },
] as const

for (const { amount, followed, skipped, by, effects } of SIDES) {
  test(`${amount} cents: ${followed}`, async () => {
    const run = await runDag(dag, { params: { amount } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.states, {
      needs_approval: 'success',
      [followed]: 'success',
      [skipped]: 'skipped',
      place_order: 'success',
    })
    assert.deepEqual(run.result('place_order'), { isPlaced: true, by })
  })

  for (const task of ['needs_approval', followed, 'place_order']) {
    test(`${amount} cents: ${task} fails once after its work, and the same side is followed`, async () => {
      const run = await runDag(dag, { params: { amount }, fail: { [task]: { tries: 1, when: 'after' } } })
      assert.equal(run.state, 'success')
      assert.equal(run.states[skipped], 'skipped')
      assert.equal(run.tries[task], 2)
      assert.deepEqual(
        (await readLedger(run.filesDir)).map((one) => one.service),
        effects,
      )
    })
  }
}

test('what is refused is not placed, and not asked again', async () => {
  const run = await runDag(dag, { params: { amount: 5_000_00 } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, {
    needs_approval: 'success',
    approve: 'failed',
    wave_through: 'skipped',
    place_order: 'upstream_failed',
  })
  assert.equal(run.tries.approve, 1)
  assert.deepEqual(await readLedger(run.filesDir), [])
})
