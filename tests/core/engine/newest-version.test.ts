/** A run that goes on with the newest version of its Dag: what stays, what comes, what goes. */
import { describe, expect, it } from 'vitest'
import type { CommandAnswer, LetterName, RunRecord } from '../../../core/records.ts'
import type { SerializedDag } from '../../../core/serialized-dag.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const ONLY = { upstream: false, downstream: false, onlyFailed: false, onlyRunning: false }

function clear(engine: Engine, run: RunRecord, taskIds: string[], fields: Partial<typeof ONLY> = {}): CommandAnswer {
  return engine.command({
    kind: 'clear',
    dagId: run.dagId,
    runId: run.runId,
    taskIds,
    ...ONLY,
    ...fields,
    newest: true,
  })
}

/** A new version of its file, with code of its own. */
function deploy(engine: Engine, dag: SerializedDag): void {
  const dags = [{ serialized: dag, contentHash: `${JSON.stringify(dag)} 2` }]
  engine.tick([
    {
      type: 'dag-file',
      report: { type: 'parsed', file: dag.file, bundleHash: 'b2', dags, warnings: [], at: engine.now },
    },
  ])
}

const letterOf = (engine: Engine, run: RunRecord, taskId: string): LetterName => {
  const { letter } = [...engine.tables.sagas.letters.values()].findLast((one) => one.letter.taskId === taskId)!
  return { tiId: letter.tiId, tryNumber: letter.tryNumber, dagId: run.dagId, runId: run.runId }
}

const versionOf = (engine: Engine, run: RunRecord) =>
  engine.tables.versions.get(engine.run(run.id).versionId)!.versionNumber

describe('a finished run', () => {
  it('runs what is cleared with the new code; what is new joins in, what is gone is removed', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('gone', { upstream: ['a'] }), task('b', { upstream: ['a'], retries: 0 })]))
    const run = engine.trigger('d')
    engine.end('a')
    engine.end('gone')
    engine.fail('b')
    const before = engine.ti(run.id, 'b').id
    // Elsewhere in the list, so that every index is another one.
    deploy(engine, dagOf('d', [task('new', { upstream: ['a'] }), task('b', { upstream: ['a'] }), task('a')]))
    expect(clear(engine, run, ['b'])).toMatchObject({ ok: true, value: expect.stringContaining('"task_ids":["b"]') })
    expect(versionOf(engine, run)).toBe(2)
    expect(engine.states(run.id)).toEqual({ a: 'success', gone: 'removed', b: 'queued', new: 'queued' })
    expect(engine.ti(run.id, 'b')).toMatchObject({ id: before, tryNumber: 2, maxTries: 5 })
    expect(engine.running.map((dispatch) => [dispatch.taskId, dispatch.bundleHash])).toEqual([
      ['new', 'b2'],
      ['b', 'b2'],
    ])
    engine.restart()
    engine.end('new')
    engine.end('b')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('in which nothing is cleared goes on only where something is new', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    const run = engine.trigger('d')
    engine.end('a')
    deploy(engine, dagOf('d', [task('a', { retries: 9 })]))
    clear(engine, run, [], { onlyFailed: true })
    expect(engine.run(run.id).state).toBe('success')
    expect(versionOf(engine, run)).toBe(2)
    deploy(engine, dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
    clear(engine, run, [], { onlyFailed: true })
    expect(engine.run(run.id).state).toBe('running')
    expect(engine.runningIds()).toEqual(['b'])
  })

  it('gets a task back that an earlier version had', () => {
    const engine = new Engine()
    const both = dagOf('d', [task('a'), task('b', { upstream: ['a'] })])
    engine.file(both)
    const run = engine.trigger('d')
    engine.end('a')
    engine.end('b')
    const b = engine.ti(run.id, 'b')
    deploy(engine, dagOf('d', [task('a')]))
    clear(engine, run, ['a'])
    expect(engine.states(run.id)).toEqual({ a: 'queued', b: 'removed' })
    engine.end('a')
    deploy(engine, { ...both, description: 'again' })
    clear(engine, run, ['a'])
    expect(engine.ti(run.id, 'b')).toMatchObject({ id: b.id, state: 'none', tryNumber: 1, maxTries: 5 })
    engine.end('a')
    engine.end('b')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('stays where it is when it is on the newest version, or its Dag is being edited for others', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    const run = engine.trigger('d')
    engine.end('a')
    clear(engine, run, ['a'])
    expect(engine.tables.events.some((event) => event.kind === 'run.version')).toBe(false)
    deploy(engine, dagOf('d', [task('a', { retries: 1 })]))
    engine.end('a')
    engine.command({ kind: 'clear', dagId: 'd', runId: run.runId, taskIds: [], ...ONLY })
    expect(versionOf(engine, run)).toBe(1)
  })

  it('is refused tasks that the new version does not have, and is not touched', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    const run = engine.trigger('d')
    engine.end('a')
    deploy(engine, dagOf('d', [task('b'), task('c')]))
    expect(clear(engine, run, ['a'])).toMatchObject({ ok: false, code: 'task-not-found' })
    expect(versionOf(engine, run)).toBe(1)
    expect(engine.states(run.id)).toEqual({ a: 'success' })
  })
})

describe('a running run', () => {
  it('lets what runs end with the code it began with, and its result counts', () => {
    const engine = new Engine()
    engine.file(
      dagOf('d', [task('a'), task('b', { upstream: ['a'], inputs: { rows: { kind: 'xcom', taskId: 'a' } } })]),
    )
    const run = engine.trigger('d')
    expect(engine.running[0]!.bundleHash).toBe('b1')
    deploy(
      engine,
      dagOf('d', [task('b', { upstream: ['a'], inputs: { rows: { kind: 'xcom', taskId: 'a' } } }), task('a')]),
    )
    clear(engine, run, ['b'])
    expect(engine.cancelled).toEqual([])
    engine.restart()
    engine.end('a', { state: 'success', xcoms: [{ key: 'return_value', json: '[1]', stored: false }] })
    expect(engine.running).toMatchObject([
      { taskId: 'b', bundleHash: 'b2', upstreamTries: { a: { tiId: engine.ti(run.id, 'a').id, tryNumber: 1 } } },
    ])
  })

  it('ends the tries of tasks that are gone, and drops their results', () => {
    const engine = new Engine({ slots: 1 })
    engine.file(dagOf('d', [task('gone', { priorityWeight: 9 }), task('a')]))
    const run = engine.trigger('d')
    expect(engine.runningIds()).toEqual(['gone'])
    deploy(engine, dagOf('d', [task('a')]))
    clear(engine, run, ['a'])
    expect(engine.cancelled).toEqual([{ taskId: 'gone', by: 'clear by user:anna' }])
    expect(engine.states(run.id)).toEqual({ gone: 'removed', a: 'none' })
    engine.restart()
    // Its slot is free when its process is gone.
    expect(engine.runningIds()).toEqual(['gone'])
    engine.end('gone')
    expect(engine.states(run.id)).toEqual({ gone: 'removed', a: 'queued' })
    engine.end('a')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('keeps delays of retries, whatever place the task has now', () => {
    const engine = new Engine()
    const slow = task('slow', { retryDelayMs: 60_000, retryBackoff: 1 })
    const quick = task('quick', { retryDelayMs: 1_000, retryBackoff: 1 })
    engine.file(dagOf('d', [quick, slow]))
    const run = engine.trigger('d')
    engine.fail('quick')
    engine.fail('slow')
    // Each stands where the other stood, with the same number of tries: the timer of one must not wake the other.
    deploy(engine, dagOf('d', [slow, quick, task('x')]))
    clear(engine, run, ['x'])
    expect(engine.runningIds()).toEqual(['x'])
    engine.at(T0 + 1_000)
    expect(engine.runningIds()).toEqual(['x', 'quick'])
    engine.at(T0 + 60_000)
    expect(engine.runningIds()).toEqual(['x', 'quick', 'slow'])
  })

  it('keeps places in the queues: who waits is offered to the limits of the new version', () => {
    const engine = new Engine({ slots: 9 })
    engine.command({ kind: 'set-pool', name: 'p', slots: 1 })
    engine.file(dagOf('d', [task('a', { pool: 'p' }), task('b', { pool: 'p' }), task('c', { pool: 'p' })]))
    const run = engine.trigger('d')
    expect(engine.runningIds()).toEqual(['a'])
    deploy(engine, dagOf('d', [task('c', { pool: 'p' }), task('b'), task('a', { pool: 'p' })]))
    clear(engine, run, ['b'])
    expect(engine.runningIds()).toEqual(['a', 'b'])
    engine.end('a')
    expect(engine.runningIds()).toEqual(['b', 'c'])
  })

  it('takes over the timeout of the new version', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    const run = engine.trigger('d')
    deploy(engine, dagOf('d', [task('a')], { dagrunTimeoutMs: 5_000 }))
    clear(engine, run, ['a'])
    engine.at(T0 + 5_000)
    expect(engine.run(run.id).state).toBe('failed')
  })
})

it('a queued run that has not begun starts with the newest version', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [task('a')], { maxActiveRuns: 1 }))
  engine.trigger('d')
  const waiting = engine.trigger('d')
  deploy(engine, dagOf('d', [task('b')], { maxActiveRuns: 1 }))
  clear(engine, waiting, [])
  expect(engine.states(waiting.id)).toEqual({})
  engine.end('a')
  expect(engine.states(waiting.id)).toEqual({ b: 'queued' })
})

it('a large run that is getting its task instances goes on with those of the newest version', () => {
  const engine = new Engine({ slots: 1 })
  const many = (prefix: string) =>
    dagOf(
      'd',
      Array.from({ length: 2_500 }, (_, i) => task(`${prefix}${i}`)),
      { maxActiveRuns: 1 },
    )
  engine.file(many('a'))
  const id = engine.tables.submit({ kind: 'trigger', dagId: 'd' }, 'user:anna', engine.now)
  engine.once([{ type: 'command', command: engine.tables.commands.get(id)!.record }], {})
  const [run] = engine.runs('d')
  expect(engine.tables.tis.size).toBe(2_000)
  const dag = many('b')
  const dags = [{ serialized: dag, contentHash: 'b' }]
  const file = { type: 'parsed' as const, file: dag.file, bundleHash: 'b2', dags, warnings: [], at: engine.now }
  const command = engine.tables.submit(
    { kind: 'clear', dagId: 'd', runId: run!.runId, taskIds: [], ...ONLY, newest: true },
    'user:anna',
    engine.now,
  )
  engine.tick([
    { type: 'dag-file', report: file },
    { type: 'command', command: engine.tables.commands.get(command)!.record },
  ])
  const states = Object.values(engine.states(run!.id))
  expect(states.filter((state) => state === 'removed')).toHaveLength(2_000)
  expect(states).toHaveLength(4_500)
  expect(engine.runningIds()).toEqual(['b0'])
})

describe('what was done', () => {
  const charge = task('charge', { compensate: { retries: 0 }, retries: 0 })
  const ship = task('ship', { upstream: ['charge'], retries: 0 })

  it('by a task that the new version does not have is not left without anybody who could undo it', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [charge, ship], { errorStrategy: 'retry' }))
    const run = engine.trigger('d')
    engine.end('charge')
    engine.fail('ship')
    deploy(engine, dagOf('d', [task('ship')]))
    expect(clear(engine, run, ['ship'])).toMatchObject({ ok: false, code: 'newest-cannot-undo' })
    const answer = engine.command({ kind: 'redrive', letters: [letterOf(engine, run, 'ship')], newest: true })
    expect(answer).toMatchObject({ ok: true, value: expect.stringContaining('could not undo') })
    expect(versionOf(engine, run)).toBe(1)
  })

  it('is undone as the new version says', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('charge'), ship]))
    const run = engine.trigger('d')
    engine.end('charge')
    engine.fail('ship')
    expect(engine.run(run.id).state).toBe('failed')
    deploy(engine, dagOf('d', [ship, charge]))
    clear(engine, run, ['ship'])
    engine.fail('ship')
    expect(engine.running).toMatchObject([{ taskId: 'charge', kind: 'compensation', bundleHash: 'b2' }])
    engine.restart()
    engine.end('charge')
    expect(engine.states(run.id)).toEqual({ charge: 'compensated', ship: 'failed' })
  })

  it('and could not be undone is tried again, with the code of the new version if so asked', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [charge, ship]))
    const run = engine.trigger('d')
    engine.end('charge')
    engine.fail('ship')
    engine.fail('charge')
    expect(engine.states(run.id)).toEqual({ charge: 'compensation_failed', ship: 'failed' })
    const letter = letterOf(engine, run, 'charge')
    deploy(engine, dagOf('d', [task('new'), ship, charge]))
    const answer = engine.command({ kind: 'redrive', letters: [letter], newest: true })
    expect(answer).toMatchObject({ ok: true, value: expect.stringContaining('"refused":[]') })
    expect(engine.running).toMatchObject([{ taskId: 'charge', kind: 'compensation', bundleHash: 'b2' }])
    expect(engine.states(run.id)).toEqual({ charge: 'compensating', ship: 'failed', new: 'skipped' })
    engine.restart()
    engine.end('charge')
    expect(engine.run(run.id).state).toBe('failed')
    expect(engine.ti(run.id, 'charge').state).toBe('compensated')
    expect(engine.tables.sagas.letters.get(`${letter.tiId}.${letter.tryNumber}`)?.outcome?.status).toBe('redriven')
  })
})

it('a redrive may take the newest version, with other arguments for it', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [task('a', { retries: 0 }), task('b', { upstream: ['a'] })]))
  const run = engine.trigger('d')
  engine.fail('a')
  deploy(
    engine,
    dagOf('d', [
      task('b', { upstream: ['a'] }),
      task('a', { retries: 0, inputs: { n: { kind: 'literal', value: 1 } } }),
    ]),
  )
  const letter = letterOf(engine, run, 'a')
  const answer = engine.command({ kind: 'redrive', letters: [letter], newest: true, inputs: '{"n":2}' })
  expect(answer).toMatchObject({ ok: true, value: expect.stringContaining('"refused":[]') })
  expect(engine.running).toMatchObject([{ taskId: 'a', bundleHash: 'b2', inputOverrides: '{"n":2}' }])
  engine.fail('a')
  deploy(engine, dagOf('d', [task('b')]))
  const again = engine.command({ kind: 'redrive', letters: [letterOf(engine, run, 'a')], newest: true })
  expect(again).toMatchObject({ ok: true, value: expect.stringContaining('has no task \\"a\\"') })
  expect(versionOf(engine, run)).toBe(2)
})
