/** A run with more TIs than fit one tick: made in pieces, while others have their turn, across restarts. */
import { describe, expect, it } from 'vitest'
import { dagOf, Engine, task } from './harness.ts'

const LEAVES = 5_000

function large() {
  const leaves = Array.from({ length: LEAVES }, (_, i) => task(`t${i}`, { upstream: ['start'] }))
  return dagOf('large', [task('start'), ...leaves], { maxActiveTasks: LEAVES })
}

const runOf = (engine: Engine, dagId: string) => engine.runs(dagId)[0]!

/** One tick after another until the run has begun; how many TIs each of them made. */
function pieces(engine: Engine): number[] {
  const made: number[] = []
  for (let i = 0; i < 20 && runOf(engine, 'large').state === 'queued'; i++) {
    made.push(engine.once([]).writes.insertedTis.length)
  }
  return made
}

/** The command alone, without the ticks that follow it. */
function begin(engine: Engine): void {
  engine.file(large(), dagOf('small', [task('only')]))
  const id = engine.tables.submit({ kind: 'trigger', dagId: 'large' }, 'user:anna', engine.now)
  engine.once([{ type: 'command', command: engine.tables.commands.get(id)!.record }])
}

describe('a large run', () => {
  it('gets its TIs over several ticks and starts when it has all of them', () => {
    const engine = new Engine()
    begin(engine)
    expect(runOf(engine, 'large').state).toBe('queued')
    const made = pieces(engine)
    expect(made.every((count) => count > 0 && count <= 2_000)).toBe(true)
    expect(engine.tables.tis.size).toBe(LEAVES + 1)
    engine.tick()
    expect(engine.running.map(({ taskId }) => taskId)).toEqual(['start'])
  })

  it('lets other Dags start in between', () => {
    const engine = new Engine()
    begin(engine)
    const id = engine.tables.submit({ kind: 'trigger', dagId: 'small' }, 'user:anna', engine.now)
    engine.once([{ type: 'command', command: engine.tables.commands.get(id)!.record }])
    expect(runOf(engine, 'small').state).toBe('running')
    expect(runOf(engine, 'large').state).toBe('queued')
  })

  it('goes on after a restart in the middle', () => {
    const engine = new Engine()
    begin(engine)
    engine.once([])
    const before = engine.tables.tis.size
    expect(before).toBeGreaterThan(0)
    engine.restart()
    expect(engine.tables.tis.size).toBe(LEAVES + 1)
    expect(engine.running.map(({ taskId }) => taskId)).toEqual(['start'])
    expect(new Set([...engine.tables.tis.values()].map(({ taskId }) => taskId)).size).toBe(LEAVES + 1)
  })

  it('can be cancelled in the middle', () => {
    const engine = new Engine()
    begin(engine)
    const { dagId, runId } = runOf(engine, 'large')
    expect(engine.command({ kind: 'cancel', dagId, runId })).toMatchObject({ ok: true })
    expect(runOf(engine, 'large').state).toBe('failed')
    expect(engine.tables.tis.size).toBe(LEAVES + 1)
  })

  it('several of them keep no other Dag waiting for longer than a turn', () => {
    const engine = new Engine()
    const tasks = Array.from({ length: 6_001 }, (_, i) => task(`t${i}`))
    const names = ['a', 'b', 'c', 'd']
    engine.file(...names.map((name) => dagOf(name, tasks, { maxActiveTasks: 1 })), dagOf('small', [task('only')]))
    const commands = [...names, 'small'].map((dagId) => {
      const id = engine.tables.submit({ kind: 'trigger', dagId }, 'user:anna', engine.now)
      return { type: 'command' as const, command: engine.tables.commands.get(id)!.record }
    })
    engine.once(commands)
    engine.once([])
    expect(runOf(engine, 'small').state).toBe('running')
    engine.once([])
    const made = names.map((name) =>
      [...engine.tables.tis.values()].filter((ti) => ti.dagRunId === runOf(engine, name).id),
    )
    const counts = made.map((tis) => tis.length)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2_000)
  })

  it('begins although the results of every tick are many', () => {
    const engine = new Engine({ slots: 4_000 })
    engine.file(
      dagOf(
        'wide',
        Array.from({ length: 2_000 }, (_, i) => task(`t${i}`)),
        { maxActiveTasks: 4_000 },
      ),
    )
    engine.file(dagOf('small', [task('only')]))
    engine.command({ kind: 'set-pool', name: 'default_pool', slots: -1 })
    engine.trigger('wide')
    expect(engine.running).toHaveLength(2_000)
    const ended = engine.running.splice(0).map(({ key }) => {
      const outcome = { state: 'success' as const, xcoms: [] }
      const facts = { key, startedAt: engine.now, endedAt: engine.now, host: 'here', pid: 1, outcome }
      return { type: 'report' as const, report: { type: 'ended' as const, ...facts } }
    })
    const id = engine.tables.submit({ kind: 'trigger', dagId: 'small' }, 'user:anna', engine.now)
    engine.once([...ended, { type: 'command', command: engine.tables.commands.get(id)!.record }])
    expect(runOf(engine, 'small').state).toBe('running')
  })
})
