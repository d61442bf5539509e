import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './saga.ts'
import { readLedger } from './services.ts'

const TASKS = ['reserve_inventory', 'charge_payment', 'create_shipment', 'send_confirmation']
const DONE = ['warehouse.reserve', 'payments.charge', 'carrier.ship', 'messages.email']

async function services(filesDir: string): Promise<string[]> {
  return (await readLedger(filesDir)).map((one) => one.service)
}

test('all goes well: nothing is undone', async () => {
  const run = await runDag(dag)
  assert.equal(run.state, 'success')
  assert.deepEqual(await services(run.filesDir), DONE)
})

for (const task of TASKS) {
  test(`${task} fails once: tried again, done once, nothing undone`, async () => {
    const run = await runDag(dag, { fail: { [task]: { tries: 1, when: 'after' } } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.tries, { ...Object.fromEntries(TASKS.map((one) => [one, 1])), [task]: 2 })
    assert.deepEqual(await services(run.filesDir), DONE)
  })
}

test('the shipment fails: cancelled, refunded, released, in this order', async () => {
  const run = await runDag(dag, { variables: { services_down: 'carrier.ship' } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, {
    reserve_inventory: 'compensated',
    charge_payment: 'compensated',
    create_shipment: 'compensated',
    send_confirmation: 'upstream_failed',
  })
  assert.deepEqual(await services(run.filesDir), [
    'warehouse.reserve',
    'payments.charge',
    'carrier.cancel',
    'payments.refund',
    'warehouse.release',
  ])
})

test('the shipment was made and nobody knows: it is cancelled all the same', async () => {
  const run = await runDag(dag, { fail: { create_shipment: { tries: 'all', when: 'after' } } })
  assert.equal(run.states.create_shipment, 'compensated')
  assert.deepEqual(await services(run.filesDir), [
    ...DONE.slice(0, 3),
    'carrier.cancel',
    'payments.refund',
    'warehouse.release',
  ])
})

test('the payment fails: it was not made, so only the goods are released', async () => {
  const run = await runDag(dag, { variables: { services_down: 'payments.charge' } })
  assert.deepEqual(run.states, {
    reserve_inventory: 'compensated',
    charge_payment: 'failed',
    create_shipment: 'upstream_failed',
    send_confirmation: 'upstream_failed',
  })
  assert.deepEqual(await services(run.filesDir), ['warehouse.reserve', 'warehouse.release'])
})

for (const task of ['reserve_inventory', 'charge_payment', 'create_shipment']) {
  test(`undoing ${task} fails once: tried again, undone once`, async () => {
    const run = await runDag(dag, {
      variables: { services_down: 'messages.email' },
      failCompensation: { [task]: { tries: 1, when: 'after' } },
    })
    assert.equal(run.state, 'failed')
    assert.equal(run.states[task], 'compensated')
    assert.equal(run.tries[task], 3)
    assert.deepEqual(await services(run.filesDir), [
      ...DONE.slice(0, 3),
      'carrier.cancel',
      'payments.refund',
      'warehouse.release',
    ])
  })
}

test('an order that went well is undone by hand', async () => {
  const run = await runDag(dag)
  await run.compensate()
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, {
    reserve_inventory: 'compensated',
    charge_payment: 'compensated',
    create_shipment: 'compensated',
    send_confirmation: 'success',
  })
  assert.deepEqual(await services(run.filesDir), [...DONE, 'carrier.cancel', 'payments.refund', 'warehouse.release'])
})

test('a refund that fails for good is shown, and the goods are released all the same', async () => {
  const run = await runDag(dag, { fail: { create_shipment: 'all' }, failCompensation: { charge_payment: 'all' } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, {
    reserve_inventory: 'compensated',
    charge_payment: 'compensation_failed',
    create_shipment: 'compensated',
    send_confirmation: 'upstream_failed',
  })
  assert.deepEqual(
    run.deadLetters.map((letter) => [letter.taskId, letter.kind]),
    [
      ['create_shipment', 'task'],
      ['charge_payment', 'compensation'],
    ],
  )
})
