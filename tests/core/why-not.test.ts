import { describe, expect, it } from 'vitest'
import { whyNot } from '../../core/why-not.ts'
import { dagOf, Engine, T0, task } from './engine/harness.ts'

function reasons(engine: Engine, dagRunId: number, taskId: string, leading = true) {
  const run = engine.run(dagRunId)
  const dag = engine.memory.dags.get(run.dagId)!
  const tis = [...engine.tables.tis.values()].filter((ti) => ti.dagRunId === dagRunId)
  const facts = {
    now: engine.now,
    leading,
    dag: dag.record,
    graph: engine.memory.graphs.get(run.versionId)!,
    run,
    runningRuns: dag.running,
    queuedBefore: 0,
    tis: new Map(tis.map((ti) => [ti.taskId, ti])),
    taskId,
    usage: engine.memory.usage,
    pools: engine.memory.pools,
    slots: engine.memory.slots,
  }
  return whyNot(facts)
}

const why = (...args: Parameters<typeof reasons>) => reasons(...args).map((reason) => reason.code)

describe('why a TI is not running', () => {
  it('names upstreams, delays, limits, pauses and the missing scheduler', () => {
    const engine = new Engine({ slots: 1 })
    engine.file(
      dagOf('d', [task('a', { retryDelayMs: 1000 }), task('b', { upstream: ['a'] }), task('c')], { maxActiveRuns: 1 }),
    )
    const run = engine.trigger('d')
    expect(why(engine, run.id, 'a')).toEqual(['running'])
    expect(why(engine, run.id, 'b')).toEqual(['upstream'])
    expect(why(engine, run.id, 'c')).toEqual(['limit'])
    expect(why(engine, run.id, 'c', false)).toEqual(['no-scheduler', 'limit'])
    expect(why(engine, run.id, 'x')).toEqual(['unknown-task'])
    engine.fail('a')
    expect(why(engine, run.id, 'a')).toEqual(['retry-delay'])
    const queued = engine.trigger('d')
    expect(why(engine, queued.id, 'a')).toEqual(['run-queued'])
    engine.command({ kind: 'pause', dagId: 'd' })
    expect(why(engine, run.id, 'b')).toEqual(['dag-paused', 'upstream'])
    engine.command({ kind: 'unpause', dagId: 'd' })
    engine.end('c')
    engine.at(T0 + 1000)
    engine.end('a')
    expect(why(engine, run.id, 'a')).toEqual(['finished'])
  })

  it('a try that was queued ahead of a free slot waits on the host', () => {
    const engine = new Engine({ slots: 1, mostAhead: 8 })
    const tasks = Array.from({ length: 400 }, (_, i) => task(`t${i}`))
    engine.command({ kind: 'set-pool', name: 'default_pool', slots: -1 })
    engine.file(dagOf('d', tasks, { maxActiveTasks: 400 }))
    const run = engine.trigger('d')
    const message = () => reasons(engine, run.id, engine.runningIds().at(-1)!)[0]!.message
    expect(message()).toContain('starts within a moment')
    while (engine.running.length < 3) engine.end(engine.runningIds()[0]!)
    expect(message()).toContain('waits there for a slot: 3 tries are there, 1 run at once')
  })

  it('names an undecided branch', () => {
    const engine = new Engine()
    engine.file(
      dagOf('d', [
        task('pick', { branches: [{ kind: 'if', then: ['a'], else: [] }] }),
        task('a', { upstream: ['pick'] }),
      ]),
    )
    expect(why(engine, engine.trigger('d').id, 'a')).toEqual(['branch'])
  })
})

describe('why a TI is not undone', () => {
  const undoable = (taskId: string, upstream: string[], fields: Parameters<typeof task>[1] = {}) =>
    task(taskId, { upstream, retries: 0, compensate: { retries: 1, retryDelayMs: 5000 }, ...fields })

  it('names what is undone before it, its retry, limits, and what has not ended yet', () => {
    const engine = new Engine()
    const tasks = [
      undoable('a', []),
      undoable('b', ['a']),
      undoable('c', ['b']),
      undoable('side', [], { pool: 'none' }),
    ]
    engine.command({ kind: 'set-pool', name: 'none', slots: 1 })
    engine.file(dagOf('d', tasks))
    const run = engine.trigger('d')
    engine.end('side')
    engine.command({ kind: 'set-pool', name: 'none', slots: 0 })
    engine.end('a')
    engine.end('b')
    engine.command({ kind: 'cancel', dagId: 'd', runId: run.runId })
    expect(reasons(engine, run.id, 'b')).toEqual([
      {
        code: 'still-working',
        message: expect.stringMatching(/before what was asked to end has ended: c \(queued\)/),
      },
    ])
    engine.end('c', { state: 'failed', cause: { kind: 'cancelled', message: 'asked for', by: 'somebody' } })
    expect(why(engine, run.id, 'b')).toEqual(['running'])
    expect(reasons(engine, run.id, 'a')).toEqual([
      { code: 'undo-order', message: 'what is below it is undone first: b (compensating)' },
    ])
    expect(why(engine, run.id, 'side')).toEqual(['limit'])
    engine.fail('b')
    expect(why(engine, run.id, 'b')).toEqual(['retry-delay'])
    expect(why(engine, run.id, 'a')).toEqual(['undo-order'])
  })

  it('what is below a saga waits until it has settled', () => {
    const engine = new Engine()
    const tasks = [
      undoable('a', [], { groupId: 's' }),
      undoable('b', ['a'], { groupId: 's' }),
      task('after', { upstream: ['a'] }),
    ]
    engine.file(dagOf('d', tasks, { groups: [{ groupId: 's', saga: true }] }))
    const run = engine.trigger('d')
    engine.end('a')
    expect(reasons(engine, run.id, 'after')).toEqual([
      { code: 'saga', message: 'it waits until the saga s has settled: b (queued)' },
    ])
    engine.fail('b')
    expect(reasons(engine, run.id, 'after')).toEqual([
      { code: 'saga', message: 'it waits until the saga s has settled: a (compensating)' },
    ])
  })
})
