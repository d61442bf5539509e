/** Runs that are ended before their tasks have, called off, or undone by hand. */
import { describe, expect, it } from 'vitest'
import type { SerializedDag, SerializedTask } from '../../../core/serialized-dag.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const undoable = (taskId: string, upstream: string[] = [], fields: Partial<SerializedTask> = {}) =>
  task(taskId, { upstream, compensate: { retries: 0 }, retries: 0, ...fields })
const kinds = (engine: Engine) => engine.running.map(({ taskId, kind }) => `${kind} ${taskId}`)
const rows = (engine: Engine) => [...engine.tables.sagas.compensations.values()]

/** a, then b and c side by side, then d. */
const TASKS = [undoable('a'), undoable('b', ['a']), undoable('c', ['a']), undoable('d', ['b', 'c'])]

function begun(fields: Partial<SerializedDag> = {}, tasks = TASKS) {
  const engine = new Engine()
  engine.file(dagOf('dag', tasks, fields))
  const { id, runId } = engine.trigger('dag')
  return { engine, id, name: { dagId: 'dag', runId } }
}

/** Ends what was cancelled as its host would. */
function endCancelled(engine: Engine, taskId: string): void {
  engine.end(taskId, { state: 'failed', cause: { kind: 'cancelled', message: 'asked for', by: 'somebody' } })
}

describe('a run that is ended early', () => {
  it('is undone when everything that was cut off has ended, whether it succeeded or not', () => {
    const { engine, id } = begun({ dagrunTimeoutMs: 1000 })
    engine.end('a')
    engine.at(T0 + 1000)
    expect(engine.run(id).state).toBe('compensating')
    expect(engine.states(id)).toEqual({ a: 'compensating', b: 'queued', c: 'queued', d: 'skipped' })
    expect(engine.cancelled.map(({ taskId }) => taskId)).toEqual(['b', 'c'])
    engine.restart()
    // One was quicker than its end.
    engine.end('b')
    expect(engine.states(id)).toMatchObject({ a: 'compensating', b: 'compensating' })
    expect(kinds(engine)).toEqual(['task c'])
    engine.restart()
    endCancelled(engine, 'c')
    expect(engine.states(id)).toMatchObject({ c: 'failed' })
    expect(kinds(engine)).toEqual(['compensation b'])
    engine.end('b')
    engine.end('a')
    expect(engine.run(id).state).toBe('failed')
    expect(rows(engine).map(({ failedTask, error }) => [failedTask, error])).toEqual([
      [null, 'the run took longer than its dagrunTimeout of 1 s'],
      [null, 'its run was ended'],
    ])
  })

  it('repeats nothing that was cut off, also what its host lost', () => {
    const { engine, id } = begun({ dagrunTimeoutMs: 1000 }, [undoable('a'), undoable('b', [], { retries: 5 })])
    engine.end('a')
    engine.at(T0 + 1000)
    engine.fail('b', 'host-lost')
    expect(engine.states(id)).toEqual({ a: 'compensating', b: 'failed' })
    engine.end('a')
    expect(engine.run(id).state).toBe('failed')
  })

  it('has failed at once where nothing can be undone, or nothing is to be', () => {
    for (const [fields, tasks] of [
      [{}, [task('a'), task('b', { upstream: ['a'] })]],
      [{ errorStrategy: 'retry' }, TASKS],
    ] as const) {
      const { engine, id, name } = begun(fields, [...tasks])
      engine.end('a')
      engine.command({ kind: 'cancel', ...name })
      expect(engine.run(id).state).toBe('failed')
      expect(engine.states(id)).toMatchObject({ a: 'success', b: 'failed' })
    }
    const { engine, id, name } = begun()
    engine.end('a')
    engine.command({ kind: 'cancel', ...name, withoutCompensation: true })
    expect(engine.run(id).state).toBe('failed')
  })

  it('fails fast: the first final failure ends it', () => {
    const { engine, id } = begun({ failFast: true })
    engine.end('a')
    engine.fail('b')
    expect(engine.run(id).state).toBe('compensating')
    expect(engine.cancelled).toEqual([{ taskId: 'c', by: 'failFast' }])
    expect(engine.states(id)).toMatchObject({ a: 'compensating', b: 'failed', c: 'queued', d: 'upstream_failed' })
    endCancelled(engine, 'c')
    engine.end('a')
    expect(engine.run(id).state).toBe('failed')
    expect(rows(engine)).toMatchObject([{ failedTask: 'b', error: 'boom' }])
  })
})

function undoing() {
  const all = begun()
  for (const id of ['a', 'b', 'c']) all.engine.end(id)
  all.engine.fail('d')
  expect(kinds(all.engine)).toEqual(['compensation b', 'compensation c'])
  return all
}

describe('while a run is undone', () => {
  it('it counts as active, and is neither cleared, marked, timed out nor deleted', () => {
    const { engine, id, name } = begun({ maxActiveRuns: 1, dagrunTimeoutMs: 1000 })
    const other = engine.trigger('dag')
    for (const taskId of ['a', 'b', 'c']) engine.end(taskId)
    engine.fail('d')
    expect(engine.run(other.id).state).toBe('queued')
    engine.at(T0 + 5000)
    expect(engine.run(id).state).toBe('compensating')
    const clear = { kind: 'clear', upstream: false, downstream: false, onlyFailed: false, onlyRunning: false } as const
    const mark = { kind: 'mark', state: 'success', upstream: false, downstream: false } as const
    for (const command of [clear, mark]) {
      expect(engine.command({ ...command, ...name, taskIds: ['a'] })).toMatchObject({ code: 'run-compensating' })
    }
    expect(engine.command({ kind: 'delete-run', ...name })).toMatchObject({ code: 'run-not-finished' })
    for (const taskId of ['b', 'c', 'a']) engine.end(taskId)
    expect(engine.run(id).state).toBe('failed')
    expect(engine.run(other.id).state).toBe('running')
  })

  it('a cancel calls off what has not begun and ends what has', () => {
    const { engine, id, name } = undoing()
    expect(engine.command({ kind: 'cancel', ...name })).toMatchObject({ ok: true })
    expect(engine.states(id)).toMatchObject({ a: 'success', b: 'compensation_failed', c: 'compensation_failed' })
    expect(engine.run(id).state).toBe('failed')
    expect(engine.cancelled.map(({ taskId }) => taskId)).toEqual(['b', 'c'])
    expect(rows(engine).map(({ state }) => state)).toEqual(['withdrawn', 'compensation_failed', 'compensation_failed'])
    engine.restart()
    engine.end('b')
    expect(engine.tables.events.at(-1)?.kind).toBe('ti.stale_result')
    expect(engine.states(id)).toMatchObject({ b: 'compensation_failed' })
  })

  it('a cancel of one task leaves the rest to be undone', () => {
    const { engine, id, name } = undoing()
    engine.command({ kind: 'cancel', ...name, taskIds: ['b', 'a'] })
    expect(engine.states(id)).toMatchObject({ a: 'success', b: 'compensating', c: 'compensating' })
    endCancelled(engine, 'b')
    expect(engine.states(id)).toMatchObject({ b: 'compensation_failed' })
    engine.end('c')
    expect(engine.run(id).state).toBe('failed')
  })

  it('marking the run ends it with that state', () => {
    const { engine, id, name } = undoing()
    engine.command({ kind: 'mark-run', ...name, state: 'success' })
    expect(engine.run(id).state).toBe('success')
    expect(engine.states(id)).toEqual({
      a: 'success',
      b: 'compensation_failed',
      c: 'compensation_failed',
      d: 'success',
    })
  })
})

describe('by hand', () => {
  it('undoes a finished run when its Dag has room for it', () => {
    const { engine, id, name } = begun({ maxActiveRuns: 1 })
    for (const taskId of ['a', 'b', 'c', 'd']) engine.end(taskId)
    expect(engine.run(id).state).toBe('success')
    const other = engine.trigger('dag')
    expect(engine.command({ kind: 'compensate', ...name })).toMatchObject({ ok: true })
    expect(engine.run(id).state).toBe('queued')
    expect(engine.states(id)).toEqual({ a: 'compensating', b: 'compensating', c: 'compensating', d: 'compensating' })
    engine.restart()
    expect(engine.running.every(({ dagRunId }) => dagRunId === other.id)).toBe(true)
    // Asked again it is told the same.
    expect(engine.command({ kind: 'compensate', ...name })).toMatchObject({ ok: true })
    engine.command({ kind: 'mark-run', dagId: 'dag', runId: other.runId, state: 'success' })
    expect(engine.run(id).state).toBe('compensating')
    expect(kinds(engine)).toContain('compensation d')
    for (const taskId of ['d', 'b', 'c'])
      engine.report(engine.running.find((one) => one.kind === 'compensation' && one.taskId === taskId)!, {
        state: 'success',
        xcoms: [],
      })
    engine.report(engine.running.find((one) => one.kind === 'compensation' && one.taskId === 'a')!, {
      state: 'success',
      xcoms: [],
    })
    expect(engine.run(id).state).toBe('failed')
    expect(rows(engine).map(({ actor, error, failedTask }) => [actor, error, failedTask])).toEqual(
      Array.from({ length: 4 }, () => ['user:anna', null, null]),
    )
  })

  it('stops a running one first', () => {
    const { engine, id, name } = begun({ errorStrategy: 'retry' })
    engine.end('a')
    expect(engine.command({ kind: 'compensate', ...name, taskIds: ['a'] })).toMatchObject({ code: 'run-not-finished' })
    expect(engine.command({ kind: 'compensate', ...name })).toMatchObject({ ok: true })
    expect(engine.run(id).state).toBe('compensating')
    endCancelled(engine, 'b')
    endCancelled(engine, 'c')
    engine.end('a')
    expect(engine.run(id).state).toBe('failed')
    expect(rows(engine)).toMatchObject([{ actor: 'user:anna', error: 'stopped by user:anna to be undone' }])
  })

  it('tries again what failed to be undone, and nothing that was', () => {
    const { engine, id, name } = undoing()
    engine.fail('b')
    engine.end('c')
    engine.end('a')
    expect(engine.states(id)).toMatchObject({ a: 'compensated', b: 'compensation_failed', c: 'compensated' })
    expect(engine.command({ kind: 'compensate', ...name, taskIds: ['a'] })).toMatchObject({ code: 'not-compensable' })
    expect(engine.command({ kind: 'compensate', ...name, taskIds: ['x'] })).toMatchObject({ code: 'task-not-found' })
    engine.command({ kind: 'compensate', ...name })
    expect(kinds(engine)).toEqual(['compensation b'])
    engine.restart()
    engine.end('b')
    expect(engine.states(id)).toMatchObject({ b: 'compensated' })
    expect(engine.run(id).state).toBe('failed')
    expect(rows(engine).find(({ tiId }) => tiId === engine.ti(id, 'b').id)).toMatchObject({ firstTry: 2, lastTry: 3 })
    expect(engine.command({ kind: 'compensate', ...name })).toMatchObject({
      ok: true,
      value: expect.stringContaining('"task_ids":[]'),
    })
  })

  it('begins nothing while something of the run is still working', () => {
    const { engine, id, name } = begun()
    engine.end('a')
    engine.command({ kind: 'cancel', ...name, withoutCompensation: true })
    engine.command({ kind: 'compensate', ...name })
    expect(engine.run(id).state).toBe('compensating')
    expect(kinds(engine)).toEqual(['task b', 'task c'])
    engine.restart()
    endCancelled(engine, 'b')
    expect(kinds(engine)).toEqual(['task c'])
    endCancelled(engine, 'c')
    expect(kinds(engine)).toEqual(['compensation a'])
  })

  it('undoes a cleared run that waits, without running it', () => {
    const { engine, id, name } = begun({ maxActiveRuns: 1 })
    for (const taskId of ['a', 'b', 'c', 'd']) engine.end(taskId)
    engine.trigger('dag')
    const clear = { kind: 'clear', upstream: false, downstream: true, onlyFailed: false, onlyRunning: false } as const
    engine.command({ ...clear, ...name, taskIds: ['b'] })
    expect(engine.run(id).state).toBe('queued')
    engine.command({ kind: 'compensate', ...name })
    expect(engine.states(id)).toEqual({ a: 'compensating', b: 'skipped', c: 'compensating', d: 'skipped' })
    engine.command({ kind: 'cancel', ...name })
    expect(engine.run(id).state).toBe('failed')
    expect(engine.states(id)).toEqual({ a: 'success', b: 'skipped', c: 'success', d: 'skipped' })
  })
})

it('clearing something of a run of which something was undone clears that, too, with all below', () => {
  const { engine, id, name } = undoing()
  engine.end('b')
  engine.fail('c')
  engine.end('a')
  const clear = { kind: 'clear', upstream: false, downstream: false, onlyFailed: true, onlyRunning: false } as const
  expect(engine.command({ ...clear, ...name, taskIds: ['d'] })).toMatchObject({ ok: true })
  expect(engine.states(id)).toEqual({ a: 'queued', b: 'none', c: 'none', d: 'none' })
  for (const taskId of ['a', 'b', 'c', 'd']) engine.end(taskId)
  expect(engine.run(id).state).toBe('success')
  expect(engine.running).toEqual([])
})

it('a run with thousands of tasks is undone without looking at all of them at every step', () => {
  const [length, width] = [300, 7_000]
  const chain = Array.from({ length }, (_, i) => undoable(`t${i}`, i === 0 ? [] : [`t${i - 1}`]))
  const wide = Array.from({ length: width }, (_, i) => undoable(`w${i}`))
  const last = task('last', { upstream: [`t${length - 1}`], retries: 0 })
  const engine = new Engine({ slots: 10_000 })
  engine.command({ kind: 'set-pool', name: 'default_pool', slots: -1 })
  engine.file(dagOf('dag', [...chain, ...wide, last], { maxActiveTasks: 10_000 }))
  const { id } = engine.trigger('dag')
  const facts = { startedAt: T0, endedAt: T0, host: 'here', pid: 1 }
  const step = (fails: boolean) => {
    const cause = { kind: 'error' as const, message: 'boom' }
    const outcome = fails ? { state: 'failed' as const, cause } : { state: 'success' as const, xcoms: [] }
    engine.once(
      engine.running
        .splice(0)
        .map(({ key }) => ({ type: 'report', report: { type: 'ended', key, outcome, ...facts } })),
    )
  }
  const walked = (isDone: () => boolean) => {
    const begun = performance.now()
    while (!isDone()) step(false)
    return performance.now() - begun
  }
  while (engine.running.length !== 1) step(false)
  const forwards = walked(() => engine.runningIds()[0] === 'last')
  step(true)
  expect(engine.run(id).state).toBe('compensating')
  // Those without anything below, a tick's worth at a time.
  while (engine.running.length > 1) step(false)
  const backwards = walked(() => engine.run(id).state !== 'compensating')
  // A walk over all tasks at each of about 300 steps would take several times as long as the way there.
  expect(backwards).toBeLessThan(3 * forwards + 100)
  expect(Object.values(engine.states(id)).filter((state) => state === 'compensated')).toHaveLength(length + width)
})
