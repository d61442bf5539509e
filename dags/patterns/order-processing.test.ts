import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './order-processing.ts'
import { readLedger } from './services.ts'

const VALIDATION = ['validation.amounts', 'validation.customer']
const FULFILMENT = ['fulfilment.reserve', 'fulfilment.charge', 'fulfilment.pack', 'fulfilment.ship']
const GOOD = [...VALIDATION, ...FULFILMENT, 'tell.shipped', 'credit_points', 'close_order']

async function services(filesDir: string): Promise<string[]> {
  return (await readLedger(filesDir)).map((one) => one.service)
}

function all(tasks: readonly string[], state: string): Record<string, string> {
  return Object.fromEntries(tasks.map((task) => [task, state]))
}

test('all goes well: shipped, told, credited', async () => {
  const run = await runDag(dag)
  assert.equal(run.state, 'success')
  assert.deepEqual(run.states, { ...all(GOOD, 'success'), 'tell.cancelled': 'skipped' })
  assert.deepEqual(run.result('close_order'), { state: 'shipped', hasPoints: true })
})

for (const task of GOOD.filter((one) => one !== 'credit_points')) {
  test(`${task} fails once: tried again, and every effect is there once`, async () => {
    const run = await runDag(dag, { fail: { [task]: { tries: 1, when: 'after' } } })
    assert.equal(run.state, 'success')
    assert.equal(run.tries[task], 2)
    assert.deepEqual(run.result('close_order'), { state: 'shipped', hasPoints: true })
    const done = await services(run.filesDir)
    assert.deepEqual(done.toSorted(), [
      'carrier.ship',
      'loyalty.credit',
      'messages.email',
      'payments.charge',
      'warehouse.pack',
      'warehouse.reserve',
    ])
  })
}

test('credit_points fails: the order is done, the points wait as a dead letter', async () => {
  const run = await runDag(dag, { variables: { services_down: 'loyalty.credit' } })
  assert.equal(run.state, 'success')
  assert.deepEqual(run.states, { ...all(GOOD, 'success'), 'tell.cancelled': 'skipped', credit_points: 'failed' })
  assert.equal(run.tries.credit_points, 1)
  assert.deepEqual(run.result('close_order'), { state: 'shipped', hasPoints: false })
  assert.deepEqual(
    run.deadLetters.map((letter) => [letter.taskId, letter.status]),
    [['credit_points', 'open']],
  )

  run.variables.delete('services_down')
  await run.redrive('credit_points')
  assert.deepEqual(run.result('close_order'), { state: 'shipped', hasPoints: true })
})

const BROKEN = [
  {
    down: 'warehouse.reserve',
    failed: 'fulfilment.reserve',
    states: { ...all(FULFILMENT, 'upstream_failed'), 'fulfilment.reserve': 'failed' },
    done: ['messages.email'],
  },
  {
    down: 'payments.charge',
    failed: 'fulfilment.charge',
    states: {
      'fulfilment.reserve': 'compensated',
      'fulfilment.charge': 'failed',
      'fulfilment.pack': 'compensated',
      'fulfilment.ship': 'upstream_failed',
    },
    done: ['warehouse.reserve', 'warehouse.pack', 'warehouse.unpack', 'warehouse.release', 'messages.email'],
  },
  {
    down: 'warehouse.pack',
    failed: 'fulfilment.pack',
    states: {
      'fulfilment.reserve': 'compensated',
      'fulfilment.charge': 'compensated',
      'fulfilment.pack': 'failed',
      'fulfilment.ship': 'upstream_failed',
    },
    done: ['warehouse.reserve', 'payments.charge', 'payments.refund', 'warehouse.release', 'messages.email'],
  },
] as const

for (const { down, failed, states, done } of BROKEN) {
  test(`${failed} fails for good: what was done is undone, and the customer is told`, async () => {
    const run = await runDag(dag, { variables: { services_down: down } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.states, {
      ...all(VALIDATION, 'success'),
      ...states,
      'tell.shipped': 'upstream_failed',
      'tell.cancelled': 'success',
      credit_points: 'upstream_failed',
      close_order: 'success',
    })
    assert.deepEqual(run.result('close_order'), { state: 'cancelled', hasPoints: false })
    assert.deepEqual(await services(run.filesDir), done)
  })
}

test('the shipment fails: cancelled first, then payment and packing side by side, then the goods', async () => {
  const run = await runDag(dag, { variables: { services_down: 'carrier.ship' } })
  assert.equal(run.state, 'success')
  for (const task of FULFILMENT) assert.equal(run.states[task], 'compensated', task)
  const undone = (await services(run.filesDir)).slice(3)
  assert.equal(undone[0], 'carrier.cancel')
  assert.deepEqual(undone.slice(1, 3).toSorted(), ['payments.refund', 'warehouse.unpack'])
  assert.deepEqual(undone.slice(3), ['warehouse.release', 'messages.email'])
})

test('a wrong order is not begun: nothing to undo, and the customer is told', async () => {
  const run = await runDag(dag, { params: { quantity: 0 } })
  assert.equal(run.state, 'success')
  assert.equal(run.tries['validation.amounts'], 1)
  assert.deepEqual(run.result('close_order'), { state: 'cancelled', hasPoints: false })
  assert.deepEqual(await services(run.filesDir), ['messages.email'])
})

test('nobody could be told: the run fails', async () => {
  const run = await runDag(dag, { variables: { services_down: 'messages.email,carrier.ship' } })
  assert.equal(run.state, 'failed')
  assert.equal(run.states['tell.cancelled'], 'failed')
  assert.match(run.tasks.close_order?.error ?? '', /told nothing/)
})
