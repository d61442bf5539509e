/** Tries that undo something, edited inputs, and by what a try is known to what it calls. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tryKeyText } from '../../core/ids.ts'
import type { InputBinding } from '../../core/serialized-dag.ts'
import { CONTEXT, causeOf, makeWorld, returned, type TryChange, type World } from './harness.ts'

const DAG = `
const dag = new tw.Dag('d')
const given = (name) => (given) => {
  const { isCompensation, idempotencyKey, correlationId, taskId } = tw.getContext()
  return { name, ...given, noOutput: given.output === undefined, isCompensation, idempotencyKey, correlationId, taskId }
}
dag.task('charge', ({ amount, order }) => ({ charged: amount, order }), { compensate: given('charge') })()
dag.task('ship', () => { throw new Error('no carrier') }, { compensate: { run: given('ship'), alsoWhenFailed: true } })()
dag.task('decide', () => true, { compensate: () => 'not a branch' })()
dag.task('skips', () => 1, { compensate: () => { throw new tw.SkipError('it was never shipped') } })()
dag.task('fails', () => 1, { compensate: () => { throw new tw.FailError('the shop is closed') } })()
dag.task('throws', () => 1, { compensate: () => { throw new TypeError('no such payment') } })()
dag.task('odd', () => 1, { compensate: () => new Map([['a', 1]]) })()
dag.task('slow', () => 1, { compensate: () => new Promise(() => setInterval(() => {}, 1_000)) })()
dag.task('plain', () => 1)()
dag.task('inputs', ({ a, b }) => [a, b])()
dag.task('environment', () => [process.env.TRADEWIND_RUN_ID, process.env.TRADEWIND_CORRELATION_ID])()
dag.task('says', () => { console.log('plain'); tw.getContext().logger.info('structured', { n: 1 }) })()
`

let world: World
let bundleHash: string
beforeAll(async () => {
  world = await makeWorld({ slots: 1 })
  bundleHash = world.bundle(DAG)
})
afterAll(() => world.stop())

const literal = (value: number | string): InputBinding => ({ kind: 'literal', value })
const UNDONE = { ...CONTEXT, idempotencyKey: 'charge-abc/compensate', correlationId: 'order-7' }

/** A compensation of what the try `tiId.1` has returned. */
function undo(taskId: string, tiId: number, change: Partial<TryChange> = {}): TryChange {
  return {
    bundleHash,
    taskId,
    key: { tiId, tryNumber: 3 },
    kind: 'compensation',
    compensation: {
      forwardTry: { tiId, tryNumber: 1 },
      error: { taskId: 'ship', message: 'Error: no carrier' },
    },
    context: UNDONE,
    ...change,
  }
}

it('is given what the handler was given, what it returned, and the failure', async () => {
  const key = { tiId: 901, tryNumber: 1 }
  world.api.returnValues.set(tryKeyText(key), '{"charged":5,"order":"o7"}')
  const inputs = { amount: literal(5), order: literal('o7') }
  expect(returned(await world.run(undo('charge', 901, { inputs })))).toEqual({
    name: 'charge',
    input: { amount: 5, order: 'o7' },
    output: { charged: 5, order: 'o7' },
    noOutput: false,
    error: { taskId: 'ship', message: 'Error: no carrier' },
    isCompensation: true,
    idempotencyKey: 'charge-abc/compensate',
    correlationId: 'order-7',
    taskId: 'charge',
  })
})

it('is given what its task was given, also when that has run again since', async () => {
  world.api.returnValues.set('930.1', '"first"')
  world.api.returnValues.set('930.2', '"second"')
  world.api.returnValues.set('931.1', '{"charged":5}')
  world.api.givenTries.set(930, 1)
  const inputs: Record<string, InputBinding> = { order: { kind: 'xcom', taskId: 'up' } }
  const upstreamTries = { up: { tiId: 930, tryNumber: 2 } }
  // It is remembered of a try that ran meanwhile.
  expect(returned(await world.run({ bundleHash, taskId: 'charge', inputs, upstreamTries }))).toEqual({
    order: 'second',
  })
  expect(returned(await world.run(undo('charge', 931, { inputs, upstreamTries })))).toMatchObject({
    input: { order: 'first' },
    output: { charged: 5 },
  })
})

it('has no output where the task failed, and no error where nothing did; a child that ran the task is used', async () => {
  const compensation = { forwardTry: { tiId: 902, tryNumber: 1 }, error: null }
  const ended = await world.run(undo('ship', 902, { compensation }))
  expect(returned(ended)).toMatchObject({ name: 'ship', input: {}, noOutput: true, error: null })
  expect(returned(await world.run({ bundleHash, taskId: 'plain' }))).toBe(1)
})

it('tells an output of null from none', async () => {
  world.api.returnValues.set('903.1', 'null')
  expect(returned(await world.run(undo('charge', 903)))).toMatchObject({ output: null, noOutput: false })
})

it('follows no branch, whatever it returns', async () => {
  const branches = [{ kind: 'if' as const, then: ['a'], else: ['b'] }]
  const { outcome } = await world.run(undo('decide', 904, { branches }))
  expect(outcome).toEqual({
    state: 'success',
    xcoms: [{ key: 'return_value', json: '"not a branch"', stored: false }],
  })
})

it('has succeeded when it says that there was nothing to undo', async () => {
  const dispatch = world.dispatch(undo('skips', 905))
  expect((await world.ended(dispatch)).outcome).toEqual({ state: 'success', xcoms: [] })
  expect(await world.text(dispatch)).toBe('There was nothing to undo: it was never shipped')
})

it('fails as a task does: for good, by an error, by its own timeout', async () => {
  expect(causeOf(await world.run(undo('fails', 906)))).toMatchObject({
    kind: 'fail',
    message: expect.stringContaining('the shop is closed'),
  })
  expect(causeOf(await world.run(undo('throws', 907)))).toMatchObject({
    kind: 'error',
    message: expect.stringContaining('no such payment'),
  })
  expect(causeOf(await world.run(undo('slow', 908, { timeoutMs: 200 })))).toMatchObject({ kind: 'timeout' })
})

it('does not fail for what it returns', async () => {
  const dispatch = world.dispatch(undo('odd', 909))
  expect((await world.ended(dispatch)).outcome).toEqual({ state: 'success', xcoms: [] })
  expect(await world.text(dispatch)).toContain('is a Map')
  expect(await world.text(dispatch)).toContain('has succeeded all the same')
})

it('says so when the bundle has no code to undo the task', async () => {
  expect(causeOf(await world.run(undo('plain', 910))).message).toContain(
    'did not declare a compensation of the task "plain" of the Dag "d"',
  )
})

it('asks that a started run be undone, by its id or by the key it was started with', async () => {
  const trigger = { dagId: 'shipping' }
  const change = {
    trigger,
    bundleHash: 'never looked at',
    context: { ...UNDONE, idempotencyKey: 'start-abc/compensate' },
  }
  world.api.returnValues.set('911.1', '{"runId":"manual__5"}')
  const known = world.dispatch(undo('start', 911, change))
  expect((await world.ended(known)).outcome).toEqual({ state: 'success', xcoms: [] })
  expect(await world.text(known)).toBe('The run "manual__5" of Dag "shipping" is undone.')
  const unknown = world.dispatch(undo('start', 912, change))
  expect((await world.ended(unknown)).outcome).toEqual({ state: 'success', xcoms: [] })
  expect(await world.text(unknown)).toBe('No run of Dag "shipping" was started.')
  expect(world.api.compensated.map((item) => item.request)).toEqual([
    { dagId: 'shipping', runId: 'manual__5', triggerKey: 'start-abc', key: 'start-abc/compensate/1' },
  ])
})

it('edited inputs replace those of the same name, of tasks and of compensations', async () => {
  const inputs = { a: literal(1), b: literal(2) }
  const change = { bundleHash, inputs, inputOverrides: '{"b":{"x":[3]}}' }
  expect(returned(await world.run({ ...change, taskId: 'inputs' }))).toEqual([1, { x: [3] }])
  const undone = await world.run(undo('charge', 913, { inputs, inputOverrides: '{"b":9}' }))
  expect(returned(undone)).toMatchObject({ input: { a: 1, b: 9 } })
})

it('what a try starts finds its run and correlation id in the environment, and the next try its own', async () => {
  const run = (runId: string, correlationId: string | null) =>
    world.run({ bundleHash, taskId: 'environment', runId, context: { ...CONTEXT, correlationId } })
  expect(returned(await run('r1', 'order-1'))).toEqual(['r1', 'order-1'])
  const second = world.dispatch({ bundleHash, taskId: 'environment', runId: 'r2' })
  expect(returned(await world.ended(second))).toEqual(['r2', 'r2'])
  expect(await world.text(second)).toBe('')
})

it('every line of a log says its run and its correlation id', async () => {
  const context = { ...CONTEXT, correlationId: 'order-"8"' }
  const dispatch = world.dispatch({ bundleHash, taskId: 'says', runId: 'r3', context })
  await world.ended(dispatch)
  expect(await world.log(dispatch)).toMatchObject([
    { text: 'plain', source: 'stdout', runId: 'r3', correlationId: 'order-"8"' },
    { text: 'structured', fields: { n: 1 }, runId: 'r3', correlationId: 'order-"8"' },
  ])
  const without = world.dispatch({ bundleHash, taskId: 'says', runId: 'r4' })
  await world.ended(without)
  for (const line of await world.log(without)) {
    expect(line).toMatchObject({ runId: 'r4' })
    expect(line).not.toHaveProperty('correlationId')
  }
})
