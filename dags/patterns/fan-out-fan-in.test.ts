import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './fan-out-fan-in.ts'
import { readLedger } from './services.ts'

const COUNTS = ['count.berlin', 'count.hamburg', 'count.lyon', 'count.porto', 'count.riga']
const ALL = [...COUNTS, 'total', 'reorder']

test('every warehouse is counted, and the sum has all of them', async () => {
  const run = await runDag(dag)
  assert.equal(run.state, 'success')
  assert.deepEqual(run.states, Object.fromEntries(ALL.map((task) => [task, 'success'])))
  const pieces = COUNTS.map((task) => run.result<{ pieces: number }>(task).pieces)
  assert.equal(
    run.result<{ pieces: number }>('total').pieces,
    pieces.reduce((a, b) => a + b, 0),
  )
})

for (const task of ALL) {
  test(`${task} fails once: it alone is repeated, and what is missing is ordered once`, async () => {
    const run = await runDag(dag, { fail: { [task]: { tries: 1, when: 'after' } } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.tries, Object.fromEntries(ALL.map((one) => [one, one === task ? 2 : 1])))
    assert.equal((await readLedger(run.filesDir)).length, 1)
  })
}

test('one warehouse fails for good: the others are counted, and nothing is ordered by half a sum', async () => {
  const run = await runDag(dag, { fail: { 'count.lyon': 'all' } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, {
    ...Object.fromEntries(COUNTS.map((task) => [task, 'success'])),
    'count.lyon': 'failed',
    total: 'upstream_failed',
    reorder: 'upstream_failed',
  })
  assert.deepEqual(await readLedger(run.filesDir), [])
})
