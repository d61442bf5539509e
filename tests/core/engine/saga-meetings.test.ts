/** What is undone, or may come to be, when something else meets it: limits, ends, marks, clears, other versions. */
import { describe, expect, it } from 'vitest'
import type { SerializedDag, SerializedTask } from '../../../core/serialized-dag.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const undoable = (taskId: string, upstream: string[] = [], fields: Partial<SerializedTask> = {}) =>
  task(taskId, { upstream, compensate: { retries: 0 }, retries: 0, ...fields })
const booking = { groups: [{ groupId: 'booking', saga: true }] } satisfies Partial<SerializedDag>
const inSaga = (taskId: string, upstream: string[] = [], fields: Partial<SerializedTask> = {}) =>
  undoable(taskId, upstream, { groupId: 'booking', ...fields })
const kinds = (engine: Engine) => engine.running.map(({ taskId, kind }) => `${kind} ${taskId}`)
const letters = (engine: Engine) => [...engine.tables.sagas.letters.values()]
const clear = {
  kind: 'clear',
  upstream: false,
  downstream: false,
  onlyFailed: false,
  onlyRunning: false,
} as const
const mark = { kind: 'mark', upstream: false, downstream: false } as const
const cancelled = { state: 'failed', cause: { kind: 'cancelled', message: 'asked for', by: 'somebody' } } as const

it('a pool in which something may have to be undone is not deleted, though its task has ended and the Dag left it', () => {
  const engine = new Engine()
  engine.command({ kind: 'set-pool', name: 'bank', slots: 1 })
  engine.file(dagOf('d', [undoable('a', [], { pool: 'bank' }), undoable('b', ['a'])]))
  engine.trigger('d')
  engine.end('a')
  engine.file(dagOf('d', [undoable('a'), undoable('b', ['a'])]))
  expect(engine.command({ kind: 'delete-pool', name: 'bank' })).toMatchObject({ code: 'pool-in-use' })
  engine.fail('b')
  expect(kinds(engine)).toEqual(['compensation a'])
  engine.end('a')
  expect(engine.command({ kind: 'delete-pool', name: 'bank' })).toMatchObject({ ok: true })
})

describe('a run that ends while one of its sagas is undone', () => {
  const ASKS = { errorStrategy: 'compensate' } as const
  function undoing(fields: Partial<SerializedDag>) {
    const engine = new Engine()
    const tasks = [inSaga('a', [], ASKS), inSaga('b', ['a'], ASKS), inSaga('c', ['b'], ASKS), task('other')]
    engine.file(dagOf('d', tasks, { ...booking, ...fields }))
    const { id, runId } = engine.trigger('d')
    engine.end('a')
    engine.end('b')
    engine.fail('c')
    expect(kinds(engine)).toEqual(['task other', 'compensation b'])
    return { engine, id, name: { dagId: 'd', runId } }
  }

  it('lets it go on, whatever the strategy of its Dag', () => {
    for (const errorStrategy of ['retry', 'retry-then-compensate'] as const) {
      const { engine, id } = undoing({ errorStrategy, dagrunTimeoutMs: 1000 })
      engine.at(T0 + 1000)
      expect(engine.run(id).state).toBe('compensating')
      engine.end('b')
      // What was cut off may still be working.
      expect(kinds(engine)).toEqual(['task other'])
      engine.restart()
      engine.end('other', cancelled)
      expect(kinds(engine)).toEqual(['compensation a'])
      engine.end('a')
      expect(engine.run(id).state).toBe('failed')
      expect(engine.states(id)).toMatchObject({ a: 'compensated', b: 'compensated' })
    }
  })

  it('is asked a second time to call it off', () => {
    const { engine, id, name } = undoing({ errorStrategy: 'retry' })
    engine.command({ kind: 'cancel', ...name })
    expect(engine.states(id)).toMatchObject({ a: 'compensating', b: 'compensating', other: 'failed' })
    engine.command({ kind: 'cancel', ...name })
    expect(engine.states(id)).toMatchObject({ a: 'success', b: 'compensation_failed' })
    expect(engine.run(id).state).toBe('failed')
  })

  it('without compensation calls it off at once', () => {
    const { engine, id, name } = undoing({})
    engine.command({ kind: 'cancel', ...name, withoutCompensation: true })
    expect(engine.states(id)).toMatchObject({ a: 'success', b: 'compensation_failed' })
    expect(engine.run(id).state).toBe('failed')
  })
})

it('what is to be undone with its saga and has not begun cannot be called off by itself: the saga would undo it again', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [inSaga('a'), inSaga('b', ['a']), inSaga('c', ['b']), task('other')], booking))
  const { id, runId } = engine.trigger('d')
  engine.end('a')
  engine.end('b')
  engine.fail('c')
  const cancel = { kind: 'cancel', dagId: 'd', runId } as const
  expect(engine.command({ ...cancel, taskIds: ['a'] })).toMatchObject({ code: 'run-compensating' })
  expect(engine.cancelled).toEqual([])
  // What has begun can be ended.
  expect(engine.command({ ...cancel, taskIds: ['b'] })).toMatchObject({ ok: true })
  engine.end('b', cancelled)
  expect(engine.states(id)).toMatchObject({ a: 'compensating', b: 'compensation_failed' })
})

it('what waits for a limit to be undone waits longer when something below it is to be undone, too', () => {
  const engine = new Engine()
  engine.command({ kind: 'set-pool', name: 'one', slots: 1 })
  const tasks = [
    inSaga('a', [], { pool: 'one' }),
    inSaga('b', ['a']),
    undoable('below', ['b'], { triggerRule: 'all_done' }),
    task('last', { pool: 'one' }),
  ]
  engine.file(dagOf('d', tasks, booking))
  const { id, runId } = engine.trigger('d')
  for (const taskId of ['a', 'b', 'below']) engine.end(taskId)
  engine.command({ ...clear, dagId: 'd', runId, taskIds: ['b'] })
  engine.fail('b')
  // The saga undoes `a`, for which its pool has no slot; what is below was made before, and stands.
  expect(kinds(engine)).toEqual(['task last'])
  expect(engine.states(id)).toMatchObject({ a: 'compensating', below: 'success' })
  engine.command({ kind: 'cancel', dagId: 'd', runId })
  engine.end('last', cancelled)
  expect(kinds(engine)).toEqual(['compensation below'])
  engine.restart()
  engine.end('below')
  expect(kinds(engine)).toEqual(['compensation a'])
})

it('what was undone, marked since and then cleared has a new idempotency key: with the old one it would count as done', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [undoable('a'), undoable('b', ['a'])]))
  const { runId } = engine.trigger('d')
  const key = engine.running[0]!.context.idempotencyKey
  engine.end('a')
  engine.fail('b')
  engine.end('a')
  engine.command({ ...mark, dagId: 'd', runId, taskIds: ['a'], state: 'success' })
  engine.command({ ...clear, dagId: 'd', runId, taskIds: ['a'] })
  expect(engine.running.find(({ taskId }) => taskId === 'a')!.context.idempotencyKey).not.toBe(key)
})

it('a cancel of one that waits for its retry is a final failure: it leaves a letter', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [task('a', { retries: 3 })]))
  const { id, runId } = engine.trigger('d')
  engine.fail('a')
  engine.command({ kind: 'cancel', dagId: 'd', runId, taskIds: ['a'] })
  expect(engine.states(id)).toEqual({ a: 'failed' })
  expect(letters(engine).map(({ letter, outcome }) => [letter.taskId, letter.causeKind, outcome])).toEqual([
    ['a', 'cancelled', null],
  ])
})

describe('on a newer version', () => {
  it('that undoes nothing, what was undone is cleared with the rest all the same', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [undoable('a'), undoable('b', ['a'])]))
    const { id, runId } = engine.trigger('d')
    engine.end('a')
    engine.fail('b')
    engine.end('a')
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
    engine.command({ ...clear, dagId: 'd', runId, taskIds: ['b'], newest: true })
    expect(engine.states(id)).toEqual({ a: 'queued', b: 'none' })
  })

  it('without the task, the letters of its failure and of its undoing are settled', () => {
    const engine = new Engine()
    const midway = { retries: 0, alsoWhenFailed: true }
    engine.file(dagOf('d', [undoable('a'), undoable('b', ['a'], { compensate: midway })]))
    const { id, runId } = engine.trigger('d')
    engine.end('a')
    engine.fail('b')
    engine.end('b')
    engine.end('a')
    expect(engine.states(id)).toEqual({ a: 'compensated', b: 'compensated' })
    engine.file(dagOf('d', [undoable('a')]))
    engine.command({ ...clear, dagId: 'd', runId, taskIds: ['a'], newest: true })
    expect(engine.states(id)).toEqual({ a: 'queued', b: 'removed' })
    expect(letters(engine).map(({ letter, outcome }) => [letter.taskId, outcome?.status])).toEqual([['b', 'discarded']])
  })
})

describe('a redrive of a failed compensation on the newest version', () => {
  const letterOf = (engine: Engine, dagRunId: number, taskId: string) => {
    const ti = engine.ti(dagRunId, taskId)
    return { tiId: ti.id, tryNumber: ti.tryNumber, dagId: 'd', runId: engine.run(dagRunId).runId }
  }

  it('starts nothing that took no part in the run, which so ends', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [undoable('a'), undoable('b', ['a']), task('later', { startDate: T0 + 86_400_000 })]))
    const { id } = engine.trigger('d')
    engine.end('a')
    engine.fail('b')
    engine.fail('a')
    expect(engine.states(id)).toEqual({ a: 'compensation_failed', b: 'failed', later: 'removed' })
    engine.file(dagOf('d', [undoable('a'), undoable('b', ['a']), task('later'), task('more')]))
    engine.command({ kind: 'redrive', letters: [letterOf(engine, id, 'a')], newest: true })
    expect(kinds(engine)).toEqual(['compensation a'])
    engine.restart()
    engine.end('a')
    expect(engine.states(id)).toEqual({ a: 'compensated', b: 'failed', later: 'removed', more: 'skipped' })
    expect(engine.run(id).state).toBe('failed')
  })

  it('waits until the run has ended, and leaves it on its version until then', () => {
    const engine = new Engine()
    const tasks = [inSaga('a'), inSaga('b', ['a']), task('other')]
    engine.file(dagOf('d', tasks, booking))
    const { id, versionId } = engine.trigger('d')
    engine.end('a')
    engine.fail('b')
    engine.fail('a')
    expect(engine.run(id).state).toBe('running')
    engine.file(dagOf('d', [...tasks, task('more')], booking))
    const answer = engine.command({ kind: 'redrive', letters: [letterOf(engine, id, 'a')], newest: true })
    expect(answer).toMatchObject({ ok: true, value: expect.stringContaining('tried again when it has ended') })
    expect(engine.run(id).versionId).toBe(versionId)
    expect(engine.states(id)).toEqual({ a: 'compensation_failed', b: 'failed', other: 'queued' })
  })
})

it('what waits in the queue to be undone is the same after a restart, though something of it still works', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [undoable('a'), undoable('b', ['a'])], { maxActiveRuns: 1 }))
  const { id, runId } = engine.trigger('d')
  engine.end('a')
  engine.command({ kind: 'cancel', dagId: 'd', runId, withoutCompensation: true })
  engine.trigger('d')
  engine.command({ kind: 'compensate', dagId: 'd', runId })
  expect(engine.run(id).state).toBe('queued')
  expect(engine.states(id)).toEqual({ a: 'compensating', b: 'failed' })
})
