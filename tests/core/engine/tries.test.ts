import { describe, expect, it } from 'vitest'
import { dagOf, Engine, T0, task } from './harness.ts'

describe('retries', () => {
  it('come after a growing delay, as often as declared, and no more', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 2, retryDelayMs: 1000, retryBackoff: 2 })]))
    const run = engine.trigger('d')
    engine.fail('a')
    expect(engine.ti(run.id, 'a')).toMatchObject({
      state: 'up_for_retry',
      retryAt: T0 + 1000,
      tryNumber: 1,
      failures: 1,
    })
    engine.at(T0 + 999)
    expect(engine.runningIds()).toEqual([])
    engine.at(T0 + 1000)
    engine.fail('a')
    expect(engine.ti(run.id, 'a').retryAt).toBe(T0 + 3000)
    engine.at(T0 + 3000)
    engine.fail('a')
    expect(engine.ti(run.id, 'a')).toMatchObject({ state: 'failed', tryNumber: 3 })
    expect(engine.run(run.id).state).toBe('failed')
    expect([...engine.tables.tries.values()].map((row) => [row.tryNumber, row.state, row.cause?.message])).toEqual([
      [1, 'failed', 'boom'],
      [2, 'failed', 'boom'],
      [3, 'failed', 'boom'],
    ])
  })

  it('survive a restart in the middle of the delay', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retryDelayMs: 1000 })]))
    engine.trigger('d')
    engine.fail('a')
    engine.restart()
    engine.at(T0 + 1000)
    expect(engine.runningIds()).toEqual(['a'])
  })

  it('are not used up by what the platform lost, up to a bound', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 0 })]))
    const run = engine.trigger('d')
    // At once the first time, then ever later: what keeps a host from running tries may last a while.
    for (const pause of [0, 1000, 2000]) {
      const { tryNumber } = engine.ti(run.id, 'a')
      engine.fail('a', 'host-lost')
      if (pause > 0) expect(engine.ti(run.id, 'a').retryAt).toBe(engine.now + pause)
      engine.at(engine.now + pause)
      expect(engine.ti(run.id, 'a')).toMatchObject({ state: 'queued', tryNumber: tryNumber + 1, failures: 0 })
    }
    engine.fail('a', 'host-lost')
    expect(engine.ti(run.id, 'a').state).toBe('failed')
  })

  it('are skipped by a fail-now error', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 5 })]))
    const run = engine.trigger('d')
    engine.fail('a', 'fail')
    expect(engine.ti(run.id, 'a').state).toBe('failed')
  })
})

describe('results', () => {
  it('of a try that has ended are dropped, recorded and acknowledged', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 1, retryDelayMs: 0 })]))
    const run = engine.trigger('d')
    const [first] = engine.running
    engine.fail('a')
    engine.report(first!, { state: 'success', xcoms: [] })
    expect(engine.ti(run.id, 'a')).toMatchObject({ state: 'queued', tryNumber: 2 })
    expect(engine.tables.events.at(-1)).toMatchObject({ kind: 'ti.stale_result', tryNumber: 1 })
  })

  it('carry XComs, and name the try an argument comes from', () => {
    const engine = new Engine()
    engine.file(
      dagOf('d', [task('a'), task('b', { upstream: ['a'], inputs: { rows: { kind: 'xcom', taskId: 'a' } } })]),
    )
    const run = engine.trigger('d')
    engine.end('a', { state: 'success', xcoms: [{ key: 'return_value', json: '[1]', stored: false }] })
    const a = engine.ti(run.id, 'a')
    expect([...engine.tables.xcoms.values()]).toEqual([
      { tiId: a.id, tryNumber: 1, key: 'return_value', dagRunId: run.id, json: '[1]' },
    ])
    expect(engine.running[0]!.upstreamTries).toEqual({ a: { tiId: a.id, tryNumber: 1 } })
  })

  it('start reports are shown as running, with process and time', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    const run = engine.trigger('d')
    const { key } = engine.running[0]!
    engine.tick([{ type: 'report', report: { type: 'started', key, at: T0 + 5, host: 'here', pid: 42 } }])
    expect(engine.ti(run.id, 'a')).toMatchObject({ state: 'running', startDate: T0 + 5 })
    expect([...engine.tables.tries.values()]).toMatchObject([{ state: 'running', pid: 42 }])
  })
})

describe('limits', () => {
  const wide = (count: number, fields = {}) => Array.from({ length: count }, (_, i) => task(`t${i}`, fields))

  it('cap executions by slots, and hand a freed one to the next in priority', () => {
    const engine = new Engine({ slots: 2 })
    engine.file(dagOf('d', [...wide(3), task('urgent', { priorityWeight: 10 })]))
    engine.trigger('d')
    expect(engine.runningIds()).toEqual(['urgent', 't0'])
    engine.end('urgent')
    expect(engine.runningIds()).toEqual(['t0', 't1'])
  })

  it('cap a run by maxActiveTasks', () => {
    const engine = new Engine()
    engine.file(dagOf('d', wide(5), { maxActiveTasks: 2 }))
    engine.trigger('d')
    engine.trigger('d')
    expect(engine.running).toHaveLength(4)
  })

  it('cap a task over all runs', () => {
    const engine = new Engine()
    engine.file(dagOf('d', wide(1, { maxActiveTisPerDag: 1 })))
    engine.trigger('d')
    engine.trigger('d')
    expect(engine.running).toHaveLength(1)
    engine.end('t0')
    expect(engine.running).toHaveLength(1)
  })

  it('cap a pool by slots, and let nothing small pass a big one that waits', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 3 })
    engine.file(
      dagOf('d', [
        task('small1', { pool: 'p', priorityWeight: 9 }),
        task('big', { pool: 'p', poolSlots: 3, priorityWeight: 5 }),
        task('small2', { pool: 'p', priorityWeight: 1 }),
      ]),
    )
    engine.trigger('d')
    expect(engine.runningIds()).toEqual(['small1'])
    engine.end('small1')
    expect(engine.runningIds()).toEqual(['big'])
    engine.end('big')
    expect(engine.runningIds()).toEqual(['small2'])
  })

  it('let a task that asks for more than its pool has run alone', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 2 })
    engine.file(dagOf('d', [task('a', { pool: 'p' }), task('huge', { pool: 'p', poolSlots: 5, priorityWeight: 9 })]))
    engine.trigger('d')
    expect(engine.runningIds()).toEqual(['huge'])
    engine.end('huge')
    expect(engine.runningIds()).toEqual(['a'])
  })

  it('count an execution until it has ended, even after its run has', () => {
    const engine = new Engine({ slots: 1 })
    engine.file(dagOf('d', wide(1), { dagrunTimeoutMs: 1000 }))
    engine.trigger('d')
    engine.at(T0 + 1000)
    engine.trigger('d')
    expect(engine.running).toHaveLength(1)
    engine.restart()
    expect(engine.running).toHaveLength(1)
    engine.end('t0')
    expect(engine.running).toHaveLength(1)
  })

  it('start nothing while draining, and everything again after a restart', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
    const run = engine.trigger('d')
    const [a] = engine.running.splice(0)
    const report = { type: 'ended' as const, key: a!.key, startedAt: T0, endedAt: T0, host: 'here', pid: 1 }
    engine.tick([{ type: 'report', report: { ...report, outcome: { state: 'success', xcoms: [] } } }], {
      draining: true,
    })
    expect(engine.states(run.id)).toEqual({ a: 'success', b: 'none' })
    engine.restart()
    expect(engine.runningIds()).toEqual(['b'])
  })

  it('are offered to all who are ready and all who wait, although a tick is bounded', () => {
    const engine = new Engine({ slots: 10_000 })
    engine.command({ kind: 'set-pool', name: 'default_pool', slots: -1 })
    engine.command({ kind: 'set-pool', name: 'p', slots: 0 })
    const tasks = [...wide(1500), ...Array.from({ length: 1500 }, (_, i) => task(`p${i}`, { pool: 'p' }))]
    engine.file(dagOf('d', tasks, { maxActiveTasks: 10_000 }))
    engine.trigger('d')
    expect(engine.running).toHaveLength(1500)
    engine.command({ kind: 'set-pool', name: 'p', slots: -1 })
    expect(engine.running).toHaveLength(3000)
  })

  it('take a fan-out of 10,000 in one look', () => {
    const engine = new Engine({ slots: 8 })
    engine.file(dagOf('d', [task('start'), ...wide(10_000, { upstream: ['start'] })], { maxActiveTasks: 10_000 }))
    const run = engine.trigger('d')
    const before = performance.now()
    engine.once([endOf(engine)])
    expect(performance.now() - before).toBeLessThan(2000)
    expect(engine.runningIds()).toHaveLength(8)
    expect(engine.memory.runs.get(run.id)!.open).toBe(10_000)
  })

  it('a pool that something in the same tick begins to need is not deleted', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 5 })
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'], pool: 'p' })]))
    const run = engine.trigger('d')
    engine.tick([{ type: 'dag-file', report: { type: 'gone', file: 'd.ts', at: engine.now } }])
    const [a] = engine.running
    const facts = { startedAt: engine.now, endedAt: engine.now, host: 'here', pid: 1 }
    const outcome = { state: 'success' as const, xcoms: [] }
    const id = engine.tables.submit({ kind: 'delete-pool', name: 'p' }, 'user:anna', engine.now)
    engine.once([
      { type: 'report', report: { type: 'ended', key: a!.key, outcome, ...facts } },
      { type: 'command', command: engine.tables.commands.get(id)!.record },
    ])
    expect(engine.tables.commands.get(id)!.answer).toMatchObject({ ok: false, code: 'pool-in-use' })
    expect(engine.states(run.id)).toMatchObject({ a: 'success', b: 'queued' })
  })
})

function endOf(engine: Engine) {
  const [dispatch] = engine.running.splice(0)
  const outcome = { state: 'success' as const, xcoms: [] }
  const report = {
    type: 'ended' as const,
    key: dispatch!.key,
    startedAt: T0,
    endedAt: T0,
    host: 'here',
    pid: 1,
    outcome,
  }
  return { type: 'report' as const, report }
}
