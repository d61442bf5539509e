import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './retry.ts'
import { readLedger } from './services.ts'

test('a line that fails five times is a matter of patience', async () => {
  const run = await runDag(dag, { fail: { fetch_rate: 5 } })
  assert.equal(run.state, 'success')
  assert.deepEqual(run.tries, { fetch_rate: 6, convert: 1, publish: 1 })
  assert.deepEqual(run.result('convert'), { lamp: 5389, desk: 26892 })
})

test('one that fails six times is not', async () => {
  const run = await runDag(dag, { variables: { services_down: 'bank.rate' } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, { fetch_rate: 'failed', convert: 'upstream_failed', publish: 'upstream_failed' })
  assert.equal(run.tries.fetch_rate, 6)
})

test('a currency nobody knows is given up at once', async () => {
  const run = await runDag(dag, { params: { currency: 'XXX' } })
  assert.equal(run.states.fetch_rate, 'failed')
  assert.equal(run.tries.fetch_rate, 1)
  assert.match(run.tasks.fetch_rate?.error ?? '', /knows no currency "XXX"/)
})

test('convert fails once: it has no retries', async () => {
  const run = await runDag(dag, { fail: { convert: 1 } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, { fetch_rate: 'success', convert: 'failed', publish: 'upstream_failed' })
})

test('publish fails once after its work: published once', async () => {
  const run = await runDag(dag, { fail: { publish: { tries: 1, when: 'after' } } })
  assert.equal(run.state, 'success')
  assert.equal(run.tries.publish, 2)
  assert.equal((await readLedger(run.filesDir)).length, 1)
})
