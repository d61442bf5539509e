/** Runs that wait: fairness between Dags, ticks missed behind a cap, and memory that does not grow with what is over. */
import { describe, expect, it } from 'vitest'
import { dagOf, Engine, T0, task } from './harness.ts'

const HOUR = 3_600_000
const hourly = { kind: 'cron' as const, expression: '0 * * * *' }

describe('a backlog', () => {
  it('of old dates does not keep another Dag waiting until its end', () => {
    const engine = new Engine({ slots: 2 })
    engine.now = T0 + 1000 * HOUR
    engine.file(dagOf('old', [task('x')], { schedule: hourly, startDate: T0, catchup: true, maxActiveRuns: 4 }))
    engine.now += 1000
    engine.file(dagOf('new', [task('y')]))
    const run = engine.trigger('new')
    for (let i = 0; i < 4; i++) {
      engine.now += 1000
      if (engine.states(run.id).y === 'none') engine.end('x')
    }
    expect(engine.states(run.id)).toEqual({ y: 'queued' })
  })

  it('behind maxActiveRuns is one run for the newest tick without catchup, as it is after a restart', () => {
    const dates = [false, true].map((restart) => {
      const engine = new Engine()
      engine.now = T0 + 1000
      engine.file(dagOf('d', [task('a')], { schedule: hourly, maxActiveRuns: 1 }))
      engine.at(T0 + HOUR)
      engine.at(T0 + 2 * HOUR)
      engine.now = T0 + 5.5 * HOUR
      if (restart) engine.restart()
      engine.end('a')
      return engine.runs('d').map((run) => (run.logicalDate! - T0) / HOUR)
    })
    expect(dates).toEqual([
      [1, 5],
      [1, 5],
    ])
  })
})

describe('memory', () => {
  it('keeps what a tick left for the next, however many timers it sifts', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    for (let i = 0; i < 100; i++) {
      engine.now++
      const id = engine.tables.submit({ kind: 'trigger', dagId: 'd' }, 'user:anna', engine.now)
      const { record } = engine.tables.commands.get(id)!
      engine.once([{ type: 'command', command: record }], { advance: false, timers: [] })
      expect(engine.memory.timers.due(engine.now, 1000).filter((timer) => timer.at === engine.now)).toHaveLength(1)
    }
    engine.tick()
    expect(engine.running).toHaveLength(16)
  })

  it('keeps no entry of a run that was ended while its TIs waited', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'closed', slots: 0 })
    engine.file(dagOf('d', [task('a', { pool: 'closed' })], { dagrunTimeoutMs: 1000 }))
    engine.file(dagOf('e', [task('a', { pool: 'closed' })]))
    const waiting = engine.trigger('e')
    for (let i = 0; i < 20; i++) {
      engine.trigger('d')
      engine.at(engine.now + 1000)
    }
    expect(engine.runs('d').every((run) => run.state === 'failed')).toBe(true)
    expect([...engine.memory.waiting.all()].map(([key, entry]) => [key, entry.dagRunId])).toEqual([
      ['pool:closed', waiting.id],
    ])
    engine.command({ kind: 'set-pool', name: 'closed', slots: 1 })
    expect(engine.states(waiting.id)).toEqual({ a: 'queued' })
  })

  it('keeps few timers of what is over, and each of what is not', () => {
    const engine = new Engine()
    const yearly = { kind: 'cron' as const, expression: '0 0 1 6 *' }
    engine.file(dagOf('d', [task('a')], { dagrunTimeoutMs: 24 * HOUR, schedule: yearly }))
    engine.file(dagOf('r', [task('late', { retryDelayMs: HOUR })]))
    engine.trigger('r')
    engine.fail('late')
    const open = engine.trigger('d')
    const [first] = engine.running.splice(0)
    for (let i = 0; i < 300; i++) {
      engine.trigger('d')
      engine.end('a')
      engine.command({ kind: 'pause', dagId: 'd' })
      engine.command({ kind: 'unpause', dagId: 'd' })
    }
    expect(engine.memory.timers.size).toBeLessThan(150)
    engine.at(T0 + HOUR)
    expect(engine.runningIds()).toEqual(['late'])
    engine.at(T0 + 24 * HOUR)
    expect(engine.run(open.id).state).toBe('failed')
    engine.report(first!, { state: 'success', xcoms: [] })
    engine.at(Date.UTC(2026, 5, 1))
    expect(engine.runs('d').filter((run) => run.runType === 'scheduled')).toHaveLength(1)
  })
})
