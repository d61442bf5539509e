import { describe, expect, it } from 'vitest'
import { dagOf, Engine, T0, task } from './harness.ts'

const HOUR = 3_600_000
const cron = (expression: string) => ({ kind: 'cron' as const, expression })

describe('a run', () => {
  it('follows the graph, one commit a hop', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] }), task('c', { upstream: ['b'] })]))
    const run = engine.trigger('d')
    expect(engine.runningIds()).toEqual(['a'])
    engine.end('a')
    engine.end('b')
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'success', c: 'queued' })
    engine.end('c')
    expect(engine.run(run.id)).toMatchObject({ state: 'success', endDate: T0 })
    expect(engine.tables.executions.size).toBe(0)
    expect(engine.memory.runs.size).toBe(0)
    expect(engine.tables.events.filter((event) => event.dagRunId === run.id).map((event) => event.kind)).toEqual([
      'run.queued',
      'command.accepted',
      'run.running',
      ...['ti.queued', 'ti.success', 'ti.queued', 'ti.success', 'ti.queued', 'ti.success'],
      'run.success',
    ])
  })

  it('without tasks succeeds at once', () => {
    const engine = new Engine()
    engine.file(dagOf('d', []))
    expect(engine.run(engine.trigger('d').id).state).toBe('success')
  })

  it('fails from a failed leaf, and a middle failure passes on', () => {
    const engine = new Engine({ defaults: { retries: 0 } })
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
    const run = engine.trigger('d')
    engine.fail('a')
    expect(engine.states(run.id)).toEqual({ a: 'failed', b: 'upstream_failed' })
    expect(engine.run(run.id).state).toBe('failed')
  })

  it('succeeds when the leaf tolerates a failed middle (the leaf rule)', () => {
    const engine = new Engine({ defaults: { retries: 0 } })
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'], triggerRule: 'all_done' })]))
    const run = engine.trigger('d')
    engine.fail('a')
    engine.end('b')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('times out as a whole: what runs has failed and is cancelled, the rest is skipped, a late result stale', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })], { dagrunTimeoutMs: 60_000 }))
    const run = engine.trigger('d')
    engine.at(T0 + 59_999)
    expect(engine.run(run.id).state).toBe('running')
    engine.at(T0 + 60_000)
    expect(engine.run(run.id).state).toBe('failed')
    expect(engine.states(run.id)).toEqual({ a: 'failed', b: 'skipped' })
    expect(engine.cancelled).toEqual([{ taskId: 'a', by: 'dagrun timeout' }])
    expect(engine.tables.executions.size).toBe(1)
    engine.end('a')
    expect(engine.states(run.id)).toEqual({ a: 'failed', b: 'skipped' })
    expect(engine.tables.executions.size).toBe(0)
    expect(engine.tables.events.at(-1)!.kind).toBe('ti.stale_result')
  })

  it('times out from its start, restarts or not', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')], { dagrunTimeoutMs: 60_000 }))
    const run = engine.trigger('d')
    engine.now = T0 + 30_000
    engine.restart()
    engine.at(T0 + 60_000)
    expect(engine.run(run.id).state).toBe('failed')
  })

  it('leaves out tasks outside their own dates', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { startDate: T0 + HOUR }), task('b', { upstream: ['a'] })]))
    const run = engine.trigger('d')
    expect(engine.states(run.id)).toEqual({ a: 'removed', b: 'queued' })
  })
})

describe('a branch', () => {
  const branching = dagOf('d', [
    task('pick', { branches: [{ kind: 'if', then: ['a'], else: ['b'] }] }),
    task('a', { upstream: ['pick'] }),
    task('b', { upstream: ['pick'] }),
    task('join', { upstream: ['a', 'b'], triggerRule: 'none_failed_min_one_success' }),
  ])

  it('skips what is not followed', () => {
    const engine = new Engine()
    engine.file(branching)
    const run = engine.trigger('d')
    engine.end('pick', { state: 'success', xcoms: [], followed: ['b'] })
    expect(engine.states(run.id)).toMatchObject({ a: 'skipped', b: 'queued' })
    engine.end('b')
    engine.end('join')
    expect(engine.run(run.id).state).toBe('success')
    expect(engine.ti(run.id, 'pick').branchSkips).toBe('["a"]')
  })

  it('keeps a candidate that is also below the followed one', () => {
    const engine = new Engine()
    engine.file(
      dagOf('d', [
        task('pick', { branches: [{ kind: 'if', then: ['a'], else: ['join'] }] }),
        task('a', { upstream: ['pick'] }),
        task('join', { upstream: ['pick', 'a'] }),
      ]),
    )
    const run = engine.trigger('d')
    engine.end('pick', { state: 'success', xcoms: [], followed: ['a'] })
    engine.end('a')
    expect(engine.states(run.id).join).toBe('queued')
  })

  it('decides before other upstreams can fail its candidates, so the order of results does not matter', () => {
    const dag = dagOf('d', [
      task('x', { retries: 0 }),
      task('pick', { branches: [{ kind: 'if', then: ['a'], else: [] }] }),
      task('a', { upstream: ['x', 'pick'] }),
    ])
    const outcomes = [true, false].map((failFirst) => {
      const engine = new Engine()
      engine.file(dag)
      const run = engine.trigger('d')
      if (failFirst) engine.fail('x')
      engine.end('pick', { state: 'success', xcoms: [], followed: [] })
      if (!failFirst) engine.fail('x')
      return engine.states(run.id).a
    })
    expect(outcomes).toEqual(['skipped', 'skipped'])
  })
})

describe('the schedule', () => {
  it('catches up within maxActiveRuns, none missing, none doubled, across restarts', () => {
    const engine = new Engine()
    engine.now = T0 + 5 * 24 * HOUR
    engine.file(
      dagOf('d', [task('a')], { schedule: cron('0 0 * * *'), startDate: T0, catchup: true, maxActiveRuns: 2 }),
    )
    expect(engine.runs('d').map((run) => run.state)).toEqual(['running', 'running'])
    for (let i = 0; i < 6; i++) {
      engine.restart()
      engine.running = engine.running.slice(-2)
      engine.end('a')
    }
    const dates = engine.runs('d').map((run) => run.logicalDate)
    expect(dates).toEqual([0, 1, 2, 3, 4, 5].map((day) => T0 + day * 24 * HOUR))
    expect(engine.runs('d').every((run) => run.state === 'success')).toBe(true)
    expect(engine.tables.dags.get('d')).toMatchObject({ nextRunAfter: T0 + 6 * 24 * HOUR })
  })

  it('fires at its tick without a click, and not before', () => {
    const engine = new Engine()
    engine.now = T0 + 1000
    engine.file(dagOf('d', [task('a')], { schedule: cron('0 * * * *') }))
    expect(engine.runs('d')).toEqual([])
    engine.at(T0 + HOUR - 1)
    expect(engine.runs('d')).toEqual([])
    engine.at(T0 + HOUR)
    expect(engine.runs('d')).toMatchObject([{ runType: 'scheduled', logicalDate: T0 + HOUR, state: 'running' }])
  })

  it('after downtime runs the latest missed tick once; after an unpause none', () => {
    const engine = new Engine()
    engine.now = T0 + 1000
    engine.file(dagOf('d', [task('a')], { schedule: cron('0 * * * *') }))
    engine.at(T0 + HOUR)
    engine.end('a')
    engine.now = T0 + 5.5 * HOUR
    engine.restart()
    expect(engine.runs('d').map((run) => run.logicalDate)).toEqual([T0 + HOUR, T0 + 5 * HOUR])
    engine.command({ kind: 'pause', dagId: 'd' })
    engine.at(T0 + 8.5 * HOUR)
    engine.command({ kind: 'unpause', dagId: 'd' })
    expect(engine.runs('d')).toHaveLength(2)
    engine.at(T0 + 9 * HOUR)
    expect(engine.runs('d')).toHaveLength(3)
  })

  it('starts nothing and dispatches nothing while paused; what runs may end', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
    const run = engine.trigger('d')
    engine.command({ kind: 'pause', dagId: 'd' })
    engine.end('a')
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'none' })
    const second = engine.trigger('d')
    expect(engine.run(second.id).state).toBe('queued')
    engine.command({ kind: 'unpause', dagId: 'd' })
    expect(engine.states(run.id).b).toBe('queued')
    expect(engine.run(second.id).state).toBe('running')
  })
})
