import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './sequential.ts'
import { readLedger } from './services.ts'

const TASKS = ['charge_payment', 'reserve_inventory', 'ship_order']
const EFFECTS = ['payments.charge', 'warehouse.reserve', 'carrier.ship']

test('pays, reserves and ships, in this order', async () => {
  const run = await runDag(dag, { params: { orderId: '7', quantity: 3 } })
  assert.equal(run.state, 'success')
  assert.deepEqual(run.states, { charge_payment: 'success', reserve_inventory: 'success', ship_order: 'success' })
  const ledger = await readLedger(run.filesDir)
  assert.deepEqual(
    ledger.map((one) => one.service),
    EFFECTS,
  )
  assert.deepEqual(ledger[2]?.request, { orderId: '7', contents: '3 x lamp' })
})

for (const task of TASKS) {
  for (const when of ['before', 'after'] as const) {
    test(`${task} fails once ${when} its effect: tried again, done once`, async () => {
      const run = await runDag(dag, { fail: { [task]: { tries: 1, when } } })
      assert.equal(run.state, 'success')
      assert.deepEqual(run.tries, { charge_payment: 1, reserve_inventory: 1, ship_order: 1, [task]: 2 })
      assert.deepEqual(
        (await readLedger(run.filesDir)).map((one) => one.service),
        EFFECTS,
      )
    })
  }
}

test('what fails for good stops all behind it', async () => {
  const run = await runDag(dag, { variables: { services_down: 'warehouse.reserve' } })
  assert.equal(run.state, 'failed')
  assert.deepEqual(run.states, {
    charge_payment: 'success',
    reserve_inventory: 'failed',
    ship_order: 'upstream_failed',
  })
  assert.equal(run.tries.reserve_inventory, 4)
  assert.match(run.tasks.reserve_inventory?.error ?? '', /warehouse.reserve does not answer/)
})
