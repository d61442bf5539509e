import { describe, expect, it } from 'vitest'
import { RUN_STATES, RUN_TRANSITIONS, TI_STATES, TI_TRANSITIONS } from '../../../core/states.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

describe('Dag files', () => {
  it('make a Dag live, and a version only when the content differs', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    engine.file(dagOf('d', [task('a')]))
    expect(engine.tables.versions.size).toBe(1)
    engine.trigger('d')
    engine.file(dagOf('d', [task('a'), task('b')]))
    expect([...engine.tables.versions.values()].map((version) => version.versionNumber)).toEqual([1, 2])
  })

  it('keep no version that no run has used', () => {
    const engine = new Engine()
    for (let i = 0; i < 5; i++) engine.file(dagOf('d', [task(`a${i}`)]))
    expect([...engine.tables.versions.values()]).toMatchObject([{ versionNumber: 1 }])
  })

  it('pin a run to its version and give the next run the new one', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
    const old = engine.trigger('d')
    engine.file(dagOf('d', [task('a')]))
    engine.end('a')
    expect(engine.states(old.id)).toEqual({ a: 'success', b: 'queued' })
    expect(engine.states(engine.trigger('d').id)).toEqual({ a: 'queued' })
  })

  it('leave the last good version running when they break, and clear the error when they heal', () => {
    const engine = new Engine()
    const dag = dagOf('d', [task('a')])
    engine.file(dag)
    const problems = [{ code: 'syntax-error', message: 'bad', remedy: 'mend', file: 'd.ts', line: 3 }]
    engine.tick([{ type: 'dag-file', report: { type: 'broken', file: 'd.ts', problems, at: T0 } }])
    expect(engine.tables.importErrors.get('d.ts')?.problems).toEqual(problems)
    expect(engine.run(engine.trigger('d').id).state).toBe('running')
    engine.file(dag)
    expect(engine.tables.importErrors.size).toBe(0)
  })

  it('make a Dag inactive when they go, keep its history, and bring it back', () => {
    const engine = new Engine()
    const dag = dagOf('d', [task('a')])
    engine.file(dag)
    engine.trigger('d')
    engine.tick([{ type: 'dag-file', report: { type: 'gone', file: 'd.ts', at: T0 } }])
    expect(engine.tables.dags.get('d')!.isActive).toBe(false)
    expect(engine.command({ kind: 'trigger', dagId: 'd' })).toMatchObject({ ok: false, code: 'dag-inactive' })
    engine.end('a')
    expect(engine.runs('d')).toMatchObject([{ state: 'success' }])
    engine.file(dag)
    expect(engine.tables.dags.get('d')!.isActive).toBe(true)
    engine.tick([{ type: 'dag-file', report: { type: 'complete', files: [], at: T0 } }])
    expect(engine.tables.dags.get('d')!.isActive).toBe(false)
  })

  it('follow a renamed file', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a')]))
    engine.file(dagOf('d', [task('a')], { file: 'e.ts' }))
    engine.tick([{ type: 'dag-file', report: { type: 'gone', file: 'd.ts', at: T0 } }])
    expect(engine.tables.dags.get('d')).toMatchObject({ isActive: true, file: 'e.ts' })
  })

  it('with an unknown pool are an import error with its remedy, until the pool is made', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { pool: 'warehouse' })]))
    expect(engine.tables.dags.has('d')).toBe(false)
    expect(engine.tables.importErrors.get('d.ts')!.problems).toMatchObject([
      { code: 'unknown-pool', taskId: 'a', remedy: 'create it: tradewind pools set warehouse 8' },
    ])
    engine.command({ kind: 'set-pool', name: 'warehouse', slots: 8 })
    expect(engine.tables.importErrors.size).toBe(0)
    expect(engine.tables.dags.get('d')!.isActive).toBe(true)
  })

  it('that lacked a pool are not brought back by it when they have changed since', () => {
    const engine = new Engine()
    const problems = [{ code: 'syntax-error', message: 'bad', remedy: 'mend', file: 'd.ts', line: 3 }]
    engine.file(dagOf('d', [task('a', { pool: 'warehouse' })]), dagOf('e', [task('a', { pool: 'warehouse' })]))
    engine.tick([{ type: 'dag-file', report: { type: 'broken', file: 'd.ts', problems, at: T0 } }])
    engine.tick([{ type: 'dag-file', report: { type: 'complete', files: ['d.ts'], at: T0 } }])
    engine.command({ kind: 'set-pool', name: 'warehouse', slots: 8 })
    expect(engine.tables.importErrors.get('d.ts')?.problems).toEqual(problems)
    expect(engine.tables.dags.size).toBe(0)
  })

  it('are live when the pool they lack is made in their own tick', () => {
    const engine = new Engine()
    const id = engine.tables.submit({ kind: 'set-pool', name: 'warehouse', slots: 2 }, 'user:anna', T0)
    const serialized = dagOf('d', [task('a', { pool: 'warehouse' })])
    const dags = [{ serialized, contentHash: 'h' }]
    engine.tick([
      { type: 'dag-file', report: { type: 'parsed', file: 'd.ts', bundleHash: 'b', dags, warnings: [], at: T0 } },
      { type: 'command', command: engine.tables.commands.get(id)!.record },
    ])
    expect(engine.tables.importErrors.size).toBe(0)
    expect(engine.tables.dags.get('d')!.isActive).toBe(true)
  })

  it('with a schedule need params that are valid by default', () => {
    const engine = new Engine()
    const params = { type: 'object', properties: { region: { type: 'string' } }, required: ['region'] }
    engine.file(dagOf('d', [task('a')], { schedule: { kind: 'once' }, params }))
    expect(engine.tables.importErrors.get('d.ts')!.problems).toMatchObject([{ code: 'params-need-defaults' }])
    engine.file(dagOf('d', [task('a')], { params }))
    expect(engine.command({ kind: 'trigger', dagId: 'd' })).toMatchObject({ ok: false, code: 'bad-params' })
    expect(engine.command({ kind: 'trigger', dagId: 'd', conf: '{"region":"eu"}' })).toMatchObject({ ok: true })
    expect(engine.runs('d')).toMatchObject([{ conf: '{"region":"eu"}' }])
  })
})

describe('commands', () => {
  it('are answered with value, cause and remedy, and leave their actor in the log', () => {
    const engine = new Engine()
    engine.file(dagOf('sales', [task('a')]))
    expect(engine.command({ kind: 'trigger', dagId: 'sale' })).toEqual({
      ok: false,
      code: 'dag-not-found',
      message: 'there is no Dag "sale"; did you mean sales?',
    })
    expect(engine.tables.events.at(-1)).toMatchObject({ kind: 'command.refused', actor: 'user:anna' })
    engine.trigger('sales')
    expect(engine.tables.events.find((event) => event.kind === 'run.queued')).toMatchObject({ actor: 'user:anna' })
    expect(engine.command({ kind: 'trigger', dagId: 'sales', conf: '{' })).toMatchObject({
      ok: false,
      code: 'bad-conf',
    })
    expect(engine.command({ kind: 'set-pool', name: 'x', slots: 1.5 })).toMatchObject({ ok: false, code: 'bad-pool' })
  })

  it('give manual runs dates of their own, never one of the schedule', () => {
    const engine = new Engine()
    engine.now = T0 + 3_600_000
    engine.file(dagOf('d', [task('a')], { schedule: { kind: 'cron', expression: '0 * * * *' } }))
    const dates = [1, 2, 3].map(() => engine.trigger('d').logicalDate)
    expect(new Set(dates).size).toBe(3)
    expect(dates.every((date) => date! % 3_600_000 !== 0)).toBe(true)
  })

  it('trigger no more runs than may be queued, and say what to do', () => {
    const engine = new Engine({ defaults: { maxQueuedRuns: 2 } })
    engine.file(dagOf('d', [task('a')], { maxActiveRuns: 1 }))
    for (let i = 0; i < 3; i++) engine.trigger('d')
    const refused = engine.command({ kind: 'trigger', dagId: 'd' })
    expect(refused).toMatchObject({ ok: false, code: 'too-many-queued-runs' })
    expect(JSON.stringify(refused)).toContain('maxActiveRuns')
    engine.end('a')
    expect(engine.command({ kind: 'trigger', dagId: 'd' })).toMatchObject({ ok: true })
  })
})

describe('the tables of states', () => {
  it('name a set of successors for every state, and none for itself', () => {
    for (const state of TI_STATES) {
      expect(TI_TRANSITIONS[state].every((next) => TI_STATES.includes(next) && next !== state)).toBe(true)
    }
    for (const state of RUN_STATES) expect(RUN_TRANSITIONS[state].every((next) => RUN_STATES.includes(next))).toBe(true)
  })
})
