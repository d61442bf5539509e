/** Sagas within a run: who waits for them, what they undo, and which way the run goes on. */
import { describe, expect, it } from 'vitest'
import type { SerializedDag, SerializedTask } from '../../../core/serialized-dag.ts'
import { dagOf, Engine, task } from './harness.ts'

const booking = { groups: [{ groupId: 'booking', saga: true }] } satisfies Partial<SerializedDag>
const inSaga = (taskId: string, upstream: string[] = [], fields: Partial<SerializedTask> = {}) =>
  task(taskId, { upstream, groupId: 'booking', compensate: { retries: 0 }, retries: 0, ...fields })
const kinds = (engine: Engine) => engine.running.map(({ taskId, kind }) => `${kind} ${taskId}`)

/** start → [flight → hotel] → thanks, and sorry where the saga failed. */
const TRIP = dagOf(
  'd',
  [
    task('start', { retries: 0, compensate: { retries: 0 } }),
    inSaga('flight', ['start']),
    inSaga('hotel', ['flight']),
    task('early', { upstream: ['flight'], retries: 0 }),
    task('thanks', { upstream: ['hotel'], retries: 0 }),
    task('sorry', { upstream: ['hotel'], triggerRule: 'one_failed', retries: 0 }),
  ],
  booking,
)

describe('a saga', () => {
  it('holds back what is below it until all of it has ended', () => {
    const engine = new Engine()
    engine.file(TRIP)
    const run = engine.trigger('d')
    engine.end('start')
    engine.end('flight')
    expect(kinds(engine)).toEqual(['task hotel'])
    engine.restart()
    expect(kinds(engine)).toEqual(['task hotel'])
    engine.end('hotel')
    expect(engine.states(run.id)).toMatchObject({ early: 'queued', thanks: 'queued', sorry: 'skipped' })
    engine.end('early')
    engine.end('thanks')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('that fails is undone alone, and the run goes another way', () => {
    const engine = new Engine()
    engine.file(TRIP)
    const run = engine.trigger('d')
    engine.end('start')
    engine.end('flight')
    engine.fail('hotel')
    expect(engine.run(run.id).state).toBe('running')
    expect(kinds(engine)).toEqual(['compensation flight'])
    expect(engine.states(run.id)).toMatchObject({ start: 'success', early: 'none', sorry: 'none', thanks: 'none' })
    engine.restart()
    engine.end('flight')
    expect(engine.states(run.id)).toMatchObject({
      start: 'success',
      flight: 'compensated',
      early: 'upstream_failed',
      thanks: 'upstream_failed',
      sorry: 'queued',
    })
    engine.end('sorry')
    // A leaf is upstream_failed: the run fails, and undoes what its saga has not.
    expect(engine.run(run.id).state).toBe('compensating')
    expect(kinds(engine)).toEqual(['compensation start'])
    engine.end('start')
    expect(engine.run(run.id).state).toBe('failed')
    expect([...engine.tables.sagas.compensations.values()].map(({ scope, state }) => [scope, state])).toEqual([
      ['booking', 'compensated'],
      [null, 'compensated'],
    ])
  })

  it('copes when its own end did, and is not undone by strategies that do not ask for it', () => {
    const engine = new Engine()
    const coped = dagOf(
      'd',
      [
        inSaga('a'),
        inSaga('b', ['a']),
        inSaga('c', ['b'], { triggerRule: 'all_done' }),
        task('after', { upstream: ['c'] }),
      ],
      booking,
    )
    engine.file(coped)
    engine.trigger('d')
    engine.end('a')
    engine.fail('b')
    engine.end('c')
    expect(kinds(engine)).toEqual(['task after'])

    const other = new Engine()
    other.file(dagOf('d', [inSaga('a'), inSaga('b', ['a'], { errorStrategy: 'retry' })], booking))
    const run = other.trigger('d')
    other.end('a')
    other.fail('b')
    expect(other.states(run.id)).toEqual({ a: 'success', b: 'failed' })
    expect(other.run(run.id).state).toBe('failed')
  })

  it('waits for a try that was cleared before it undoes anything', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [inSaga('a'), inSaga('b'), task('after', { upstream: ['a', 'b'] }), task('slow')], booking))
    const run = engine.trigger('d')
    engine.end('a')
    engine.command({
      kind: 'mark',
      dagId: 'd',
      runId: engine.run(run.id).runId,
      taskIds: ['b'],
      state: 'failed',
      upstream: false,
      downstream: false,
    })
    expect(engine.states(run.id)).toMatchObject({ a: 'success', b: 'failed', after: 'none' })
    engine.restart()
    expect(kinds(engine)).toContain('task b')
    engine.end('b')
    expect(engine.states(run.id)).toMatchObject({ a: 'compensating', b: 'failed', after: 'none' })
    engine.end('a')
    expect(engine.states(run.id)).toMatchObject({ a: 'compensated', after: 'upstream_failed' })
  })

  it('undoes side by side what has no path between it, in the order of the graph what has', () => {
    const engine = new Engine()
    const gap = task('gap', { upstream: ['b'], groupId: 'booking' })
    const tasks = [
      inSaga('a'),
      inSaga('b', ['a']),
      inSaga('c', ['a']),
      gap,
      inSaga('e', ['gap', 'c']),
      inSaga('f', ['e']),
    ]
    engine.file(dagOf('d', tasks, booking))
    const run = engine.trigger('d')
    for (const id of ['a', 'b', 'c', 'gap', 'e']) engine.end(id)
    engine.fail('f')
    expect(kinds(engine)).toEqual(['compensation e'])
    engine.end('e')
    expect(kinds(engine)).toEqual(['compensation b', 'compensation c'])
    engine.end('c')
    expect(kinds(engine)).toEqual(['compensation b'])
    engine.end('b')
    engine.end('a')
    expect(engine.states(run.id)).toMatchObject({ gap: 'success', a: 'compensated' })
  })

  it('refuses to be cleared or marked while it is undone, and is cleared as a whole afterwards', () => {
    const engine = new Engine()
    engine.file(TRIP)
    const run = engine.trigger('d')
    const name = { dagId: 'd', runId: engine.run(run.id).runId }
    const clear = {
      kind: 'clear',
      ...name,
      upstream: false,
      downstream: false,
      onlyFailed: false,
      onlyRunning: false,
    } as const
    engine.end('start')
    engine.end('flight')
    engine.fail('hotel')
    expect(engine.command({ ...clear, taskIds: ['start'] })).toMatchObject({ ok: false, code: 'run-compensating' })
    engine.end('flight')
    expect(engine.command({ ...clear, taskIds: ['hotel'] })).toMatchObject({ ok: true })
    expect(engine.states(run.id)).toMatchObject({ start: 'success', flight: 'queued', hotel: 'none', sorry: 'none' })
    engine.end('flight')
    engine.fail('hotel')
    // What built on the saga before it was cleared is still working.
    expect(kinds(engine)).toEqual(['task sorry'])
    engine.end('sorry')
    expect(kinds(engine)).toContain('compensation flight')
    expect(engine.running.find(({ kind }) => kind === 'compensation')).toMatchObject({
      compensation: { forwardTry: { tryNumber: 3 } },
      key: { tryNumber: 4 },
    })
  })
})

it('a saga that leads out and back into itself is no graph', () => {
  const tasks = [inSaga('a'), task('out', { upstream: ['a'] }), inSaga('b', ['out'])]
  expect(() => new Engine().file(dagOf('d', tasks, booking))).toThrow(
    'saga "booking" of Dag "d" waits for tasks outside',
  )
})

it('a saga that is marked as failed when others build on it is undone when those have ended', () => {
  const engine = new Engine()
  const after = task('after', { upstream: ['b'], retries: 1, retryDelayMs: 1000, retryBackoff: 1 })
  engine.file(dagOf('d', [inSaga('a'), inSaga('b', ['a']), after], booking))
  const run = engine.trigger('d')
  engine.end('a')
  engine.end('b')
  const name = { dagId: 'd', runId: engine.run(run.id).runId, upstream: false, downstream: false }
  engine.command({ kind: 'mark', ...name, taskIds: ['b'], state: 'failed' })
  expect(engine.states(run.id)).toEqual({ a: 'success', b: 'failed', after: 'queued' })
  engine.fail('after')
  expect(engine.states(run.id)).toEqual({ a: 'success', b: 'failed', after: 'up_for_retry' })
  engine.restart()
  engine.at(engine.now + 1000)
  engine.end('after')
  expect(engine.states(run.id)).toEqual({ a: 'compensating', b: 'failed', after: 'success' })
})
