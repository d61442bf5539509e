import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './parallel.ts'
import { readLedger } from './services.ts'

const TASKS = ['compose', 'email', 'sms', 'push', 'record']
const CHANNELS = ['email', 'sms', 'push']

test('all three are sent, and recorded', async () => {
  const run = await runDag(dag, { params: { orderId: '7' } })
  assert.equal(run.state, 'success')
  assert.deepEqual(run.result('record'), CHANNELS)
  const sent = (await readLedger(run.filesDir)).map((one) => one.service)
  assert.deepEqual(sent.toSorted(), ['messages.email', 'messages.push', 'messages.sms'])
})

for (const task of TASKS) {
  test(`${task} fails once: tried again, and each message is sent once`, async () => {
    const run = await runDag(dag, { fail: { [task]: { tries: 1, when: 'after' } } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.tries, { compose: 1, email: 1, sms: 1, push: 1, record: 1, [task]: 2 })
    assert.equal((await readLedger(run.filesDir)).length, 3)
  })
}

for (const channel of CHANNELS) {
  test(`${channel} fails for good: the others arrive, and the record says so`, async () => {
    const run = await runDag(dag, { variables: { services_down: `messages.${channel}` } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.states, {
      compose: 'success',
      email: 'success',
      sms: 'success',
      push: 'success',
      record: 'success',
      [channel]: 'failed',
    })
    assert.deepEqual(
      run.result('record'),
      CHANNELS.filter((one) => one !== channel),
    )
  })
}

test('nobody reached: the run fails, without trying the record again', async () => {
  const run = await runDag(dag, { variables: { services_down: 'messages.email,messages.sms,messages.push' } })
  assert.equal(run.state, 'failed')
  assert.equal(run.tries.record, 1)
  assert.match(run.tasks.record?.error ?? '', /reached by no channel/)
})
