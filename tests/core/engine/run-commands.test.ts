import { describe, expect, it } from 'vitest'
import type { CommandAnswer, CommandRequest } from '../../../core/records.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const CHAIN = dagOf('d', [task('a', { retries: 0 }), task('b', { upstream: ['a'] }), task('c', { upstream: ['b'] })])
const ALL = { taskIds: [], upstream: false, downstream: false, onlyFailed: false, onlyRunning: false }

const send = (engine: Engine, request: CommandRequest): CommandAnswer => engine.command(request)

function finished(engine: Engine, fail = false) {
  engine.file(CHAIN)
  const run = engine.trigger('d')
  if (fail) engine.fail('a')
  else for (const id of ['a', 'b', 'c']) engine.end(id)
  return engine.run(run.id)
}

const value = (answer: CommandAnswer) => (answer.ok ? (JSON.parse(answer.value) as Record<string, unknown>) : answer)

describe('clear', () => {
  it('runs a finished run again from a task on', () => {
    const engine = new Engine()
    const run = finished(engine)
    const answer = send(engine, {
      ...ALL,
      kind: 'clear',
      dagId: 'd',
      runId: run.runId,
      taskIds: ['b'],
      downstream: true,
    })
    expect(value(answer)).toMatchObject({ task_ids: ['b', 'c'] })
    expect(engine.run(run.id)).toMatchObject({ state: 'running', endDate: null })
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'queued', c: 'none' })
    expect(engine.ti(run.id, 'b')).toMatchObject({ tryNumber: 2, failures: 0 })
    engine.end('b')
    engine.end('c')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('takes only what failed, and gives it all its retries again', () => {
    const engine = new Engine()
    const run = finished(engine, true)
    expect(run.state).toBe('failed')
    const answer = send(engine, { ...ALL, kind: 'clear', dagId: 'd', runId: run.runId, onlyFailed: true })
    expect(value(answer)).toMatchObject({ task_ids: ['a', 'b', 'c'] })
    expect(engine.ti(run.id, 'a')).toMatchObject({ state: 'queued', tryNumber: 2, maxTries: 2 })
    for (const id of ['a', 'b', 'c']) engine.end(id)
    expect(engine.run(run.id).state).toBe('success')
  })

  it('waits for the cap of the Dag in its queue, across a restart', () => {
    const engine = new Engine()
    engine.file({ ...CHAIN, maxActiveRuns: 1 })
    const first = engine.trigger('d')
    for (const id of ['a', 'b', 'c']) engine.end(id)
    engine.trigger('d')
    send(engine, { ...ALL, kind: 'clear', dagId: 'd', runId: engine.run(first.id).runId })
    expect(engine.run(first.id).state).toBe('queued')
    engine.restart()
    for (const id of ['a', 'b', 'c']) engine.end(id)
    expect(engine.run(first.id).state).toBe('running')
    expect(engine.states(first.id)).toEqual({ a: 'queued', b: 'none', c: 'none' })
  })

  it('stops a running try, and starts the next only when that one has ended', () => {
    const engine = new Engine()
    engine.file(CHAIN)
    const run = engine.trigger('d')
    send(engine, { ...ALL, kind: 'clear', dagId: 'd', runId: run.runId, taskIds: ['a'] })
    expect(engine.cancelled).toEqual([{ taskId: 'a', by: 'clear by user:anna' }])
    expect(engine.running).toHaveLength(1)
    expect(engine.states(run.id).a).toBe('none')
    engine.end('a', { state: 'failed', cause: { kind: 'cancelled', message: 'x', by: 'clear by user:anna' } })
    expect(engine.ti(run.id, 'a')).toMatchObject({ state: 'queued', tryNumber: 2 })
    expect(engine.running).toHaveLength(1)
  })

  it('keeps a retry that was due beside it', () => {
    const engine = new Engine({ slots: 1 })
    engine.file(
      dagOf('d', [task('a', { retryDelayMs: 0, priorityWeight: 1 }), task('b', { priorityWeight: 9 }), task('c')]),
    )
    const run = engine.trigger('d')
    engine.end('b')
    engine.fail('a')
    // `c` took the slot; `a` waits for it as a due retry.
    const waiting = engine.states(run.id)
    send(engine, { ...ALL, kind: 'clear', dagId: 'd', runId: run.runId, taskIds: ['b'] })
    expect(waiting.a === 'up_for_retry' || waiting.c === 'none').toBe(true)
    for (let i = 0; i < 5 && engine.running.length > 0; i++) engine.end(engine.runningIds()[0]!)
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'success', c: 'success' })
    expect(engine.run(run.id).state).toBe('success')
  })

  it('does not let the timer of the first start end the second', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')], { dagrunTimeoutMs: 60_000 }))
    const run = engine.trigger('d')
    engine.end('a')
    engine.at(T0 + 30_000)
    send(engine, { ...ALL, kind: 'clear', dagId: 'd', runId: run.runId })
    engine.at(T0 + 60_000)
    expect(engine.run(run.id).state).toBe('running')
    engine.at(T0 + 90_000)
    expect(engine.run(run.id).state).toBe('failed')
  })
})

describe('mark', () => {
  it('a failed task as success lets what it failed go on', () => {
    const engine = new Engine()
    const run = finished(engine, true)
    const answer = send(engine, {
      kind: 'mark',
      dagId: 'd',
      runId: run.runId,
      taskIds: ['a'],
      state: 'success',
      upstream: false,
      downstream: false,
    })
    expect(value(answer)).toMatchObject({ task_ids: ['a'], cleared: ['b', 'c'] })
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'queued', c: 'none' })
  })

  it('a running task as failed stops its process', () => {
    const engine = new Engine()
    engine.file(CHAIN)
    const run = engine.trigger('d')
    const base = { dagId: 'd', runId: run.runId, upstream: false, downstream: false } as const
    send(engine, { kind: 'mark', ...base, taskIds: ['a'], state: 'failed' })
    expect(engine.cancelled).toMatchObject([{ taskId: 'a' }])
    expect(engine.run(run.id).state).toBe('failed')
    engine.end('a')
    expect(engine.states(run.id).a).toBe('failed')
  })

  it('a whole run as success or failed', () => {
    const engine = new Engine()
    engine.file(CHAIN)
    const run = engine.trigger('d')
    send(engine, { kind: 'mark-run', dagId: 'd', runId: run.runId, state: 'failed' })
    expect(engine.states(run.id)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped' })
    expect(engine.run(run.id).state).toBe('failed')
    engine.end('a')
    send(engine, { kind: 'mark-run', dagId: 'd', runId: run.runId, state: 'success' })
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'success', c: 'success' })
    expect(engine.run(run.id).state).toBe('success')
  })
})

describe('cancel, note, delete, drain', () => {
  it('cancels tasks for good, or the whole run', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 5 }), task('b')]))
    const run = engine.trigger('d')
    send(engine, { kind: 'cancel', dagId: 'd', runId: run.runId, taskIds: ['a'] })
    engine.end('a', { state: 'failed', cause: { kind: 'cancelled', message: 'x', by: 'user:anna' } })
    expect(engine.states(run.id)).toEqual({ a: 'failed', b: 'queued' })
    send(engine, { kind: 'cancel', dagId: 'd', runId: run.runId })
    expect(engine.run(run.id).state).toBe('failed')
    expect(send(engine, { kind: 'cancel', dagId: 'd', runId: run.runId })).toMatchObject({ code: 'run-finished' })
  })

  it('ends a queued run that never started', () => {
    const engine = new Engine()
    engine.file({ ...CHAIN, maxActiveRuns: 1 })
    engine.trigger('d')
    const queued = engine.trigger('d')
    send(engine, { kind: 'note', dagId: 'd', runId: queued.runId, note: 'soon' })
    send(engine, { kind: 'cancel', dagId: 'd', runId: queued.runId })
    expect(engine.run(queued.id)).toMatchObject({ state: 'failed', note: 'soon', startDate: null })
    for (const id of ['a', 'b', 'c']) engine.end(id)
    expect(engine.running).toEqual([])
  })

  it('deletes finished runs only', () => {
    const engine = new Engine()
    engine.file(CHAIN)
    const other = engine.trigger('d')
    for (const id of ['a', 'b', 'c']) engine.end(id)
    const run = engine.trigger('d')
    expect(send(engine, { kind: 'delete-run', dagId: 'd', runId: run.runId })).toMatchObject({
      code: 'run-not-finished',
    })
    for (const id of ['a', 'b', 'c']) engine.end(id)
    send(engine, { kind: 'delete-run', dagId: 'd', runId: run.runId })
    expect([...engine.tables.runs.keys()]).toEqual([other.id])
    expect(engine.tables.tis.size).toBe(3)
    expect(send(engine, { kind: 'delete-run', dagId: 'd', runId: run.runId })).toMatchObject({ code: 'run-not-found' })
  })

  it('drains and resumes, across a restart', () => {
    const engine = new Engine()
    engine.file(CHAIN)
    const run = engine.trigger('d')
    engine.command({ kind: 'drain' })
    engine.end('a')
    engine.now += 1000
    engine.restart()
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'none', c: 'none' })
    const waiting = engine.trigger('d')
    expect(engine.run(waiting.id).state).toBe('queued')
    engine.command({ kind: 'resume' })
    expect(engine.states(run.id).b).toBe('queued')
    expect(engine.run(waiting.id).state).toBe('running')
  })

  it('keeps a pool that a task uses', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 1 })
    engine.file(dagOf('d', [task('a', { pool: 'p' })]))
    expect(engine.command({ kind: 'delete-pool', name: 'p' })).toMatchObject({ code: 'pool-in-use' })
    engine.file(dagOf('d', [task('a')]))
    expect(engine.command({ kind: 'delete-pool', name: 'p' })).toMatchObject({ ok: true })
    expect(engine.tables.pools.has('p')).toBe(false)
  })

  it('keeps a pool that an unfinished run needs, also of a Dag whose file is gone', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 1 })
    engine.file(dagOf('d', [task('a'), task('b', { pool: 'p', upstream: ['a'] })], { maxActiveRuns: 1 }))
    for (let i = 0; i < 2; i++) engine.trigger('d')
    engine.tick([{ type: 'dag-file', report: { type: 'gone', file: 'd.ts', at: engine.now } }])
    const remove = () => engine.command({ kind: 'delete-pool', name: 'p' })
    for (const taskId of ['a', 'b', 'a']) {
      expect(remove()).toMatchObject({ code: 'pool-in-use' })
      engine.end(taskId)
    }
    expect(remove()).toMatchObject({ code: 'pool-in-use' })
    engine.end('b')
    expect(remove()).toMatchObject({ ok: true })
  })
})
