import { describe, expect, it } from 'vitest'
import type { SchedulerEvent } from '../../core/engine/events.ts'
import type { RunMemory } from '../../core/engine/memory.ts'
import { loadedRuns } from '../../core/engine/rebuild.ts'
import type { CommitResult, TickWrites } from '../../core/ports/store.ts'
import { tick } from '../../scheduler/tick.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { SimulatedClock } from '../../testing/simulation/simulated-clock.ts'
import { dagOf, Engine, T0, task } from '../core/engine/harness.ts'

/** A Store that refuses some text, as PostgreSQL refuses what it cannot hold. */
class PickyStore extends MemoryStore {
  override async commit(epoch: number, writes: TickWrites): Promise<CommitResult> {
    if (JSON.stringify(writes.xcoms).includes('poison'))
      return { status: 'data-error', message: 'bad', sqlState: '22P05' }
    return super.commit(epoch, writes)
  }
}

const WHOLE = { taskIds: [], upstream: false, downstream: false, onlyFailed: false, onlyRunning: false }

function setUp() {
  const engine = new Engine()
  engine.tables.lease = { epoch: 1, host: 'here', expiresAt: Number.MAX_SAFE_INTEGER }
  const store = new PickyStore(engine.tables, new SimulatedClock(T0))
  const run = async (events: SchedulerEvent[], loaded = new Map<number, RunMemory>()) => {
    const context = {
      store,
      memory: engine.memory,
      draining: false,
      loaded,
      now: () => engine.now,
      monotonic: () => 0,
      act: (plan: { dispatches: readonly (typeof engine.running)[number][] }) =>
        void engine.running.push(...plan.dispatches),
      log: () => {},
    }
    for (let left = await tick(context, events), i = 0; left && i < 100; i++) left = await tick(context, [])
  }
  const submit = (request: Parameters<Engine['command']>[0]): SchedulerEvent => {
    const id = engine.tables.submit(request, 'user:anna', engine.now)
    return { type: 'command', command: engine.tables.commands.get(id)!.record }
  }
  return { engine, run, submit }
}

describe('a tick that cannot be committed', () => {
  it('answers the guilty command and takes the others', async () => {
    const { engine, run, submit } = setUp()
    engine.file(dagOf('d', [task('a')]))
    const logicalDate = T0 + 5000
    await run([submit({ kind: 'trigger', dagId: 'd', logicalDate })])
    await run([
      submit({ kind: 'trigger', dagId: 'd' }),
      submit({ kind: 'trigger', dagId: 'd', logicalDate }),
      submit({ kind: 'pause', dagId: 'd' }),
    ])
    expect([...engine.tables.commands.values()].map((command) => command.answer?.ok)).toEqual([true, true, false, true])
    expect(engine.runs('d')).toHaveLength(2)
  })

  it('a run that one of its commands deleted is gone for those after it', async () => {
    const { engine, run, submit } = setUp()
    engine.file(dagOf('d', [task('a')]))
    const { runId } = engine.trigger('d')
    engine.end('a')
    const loaded = loadedRuns(engine.tables.runsByName([{ dagId: 'd', runId }]), engine.memory.defaults)
    const logicalDate = T0 + 5000
    await run([submit({ kind: 'trigger', dagId: 'd', logicalDate })])
    const commands = [
      submit({ kind: 'delete-run', dagId: 'd', runId }),
      submit({ kind: 'clear', dagId: 'd', runId, ...WHOLE }),
      submit({ kind: 'trigger', dagId: 'd', logicalDate }),
      submit({ kind: 'clear', dagId: 'd', runId, ...WHOLE }),
    ]
    await run(commands, loaded)
    const answers = [...engine.tables.commands.values()].slice(-4).map(({ answer }) => answer)
    expect(answers).toMatchObject([{ ok: true }, { code: 'run-not-found' }, { ok: false }, { code: 'run-not-found' }])
    expect(engine.runs('d')).toHaveLength(1)
    engine.restart()
  })

  it('fails the try whose result cannot be stored, and nothing else', async () => {
    const { engine, run, submit } = setUp()
    engine.file(dagOf('d', [task('a', { retries: 0 }), task('b')]))
    await run([submit({ kind: 'trigger', dagId: 'd' })])
    const [a, b] = engine.running
    const ended = (dispatch: typeof a, json: string): SchedulerEvent => ({
      type: 'report',
      report: {
        type: 'ended',
        key: dispatch!.key,
        startedAt: T0,
        endedAt: T0,
        host: 'here',
        pid: 1,
        outcome: { state: 'success', xcoms: [{ key: 'return_value', json, stored: false }] },
      },
    })
    await run([ended(a, '"poison"'), ended(b, '1')])
    expect(engine.states(1)).toEqual({ a: 'failed', b: 'success' })
    expect(engine.tables.executions.size).toBe(0)
  })

  it('leaves out the one date that is held, of many that are due at once', async () => {
    const { engine, run, submit } = setUp()
    const HOUR = 3_600_000
    engine.file(dagOf('d', [task('a')]))
    await run([submit({ kind: 'trigger', dagId: 'd', logicalDate: T0 + 3 * HOUR })])
    engine.now = T0 + 5 * HOUR
    const schedule = { kind: 'interval' as const, everyMs: HOUR }
    const serialized = dagOf('d', [task('a')], { schedule, startDate: T0, catchup: true })
    const dags = [{ serialized, contentHash: 'scheduled' }]
    const report = { type: 'parsed' as const, file: 'd.ts', bundleHash: 'b', dags, warnings: [], at: T0 }
    await run([{ type: 'dag-file', report }])
    const dates = engine.runs('d').map((one) => [(one.logicalDate! - T0) / HOUR, one.runType])
    expect(dates.sort()).toEqual([
      [0, 'scheduled'],
      [1, 'scheduled'],
      [2, 'scheduled'],
      [3, 'manual'],
      [4, 'scheduled'],
      [5, 'scheduled'],
    ])
  })

  it('sets aside a queued run that cannot start', async () => {
    const { engine, run, submit } = setUp()
    engine.file(dagOf('d', [task('a', { triggerRule: 'unheard_of' as 'always', upstream: ['b'] }), task('b')]))
    engine.file(dagOf('ok', [task('a')]))
    await run([submit({ kind: 'trigger', dagId: 'd' }), submit({ kind: 'trigger', dagId: 'ok' })])
    expect(engine.runs('d').map((one) => one.state)).toEqual(['failed'])
    expect(engine.runs('ok').map((one) => one.state)).toEqual(['running'])
  })

  it('sets aside a run that cannot be dispatched', async () => {
    const { engine, run, submit } = setUp()
    engine.file(dagOf('d', [task('a', { inputs: { x: { kind: 'xcom', taskId: 'nobody' } } })], { maxActiveRuns: 1 }))
    engine.file(dagOf('ok', [task('a')]))
    await run([
      submit({ kind: 'trigger', dagId: 'd' }),
      submit({ kind: 'trigger', dagId: 'd' }),
      submit({ kind: 'trigger', dagId: 'ok' }),
    ])
    expect(engine.runs('d').map((one) => one.state)).toEqual(['failed', 'failed'])
    expect(engine.tables.events.find((event) => event.kind === 'run.failed')?.cause).toContain('"nobody"')
    expect(engine.runs('ok').map((one) => one.state)).toEqual(['running'])
  })

  it('moves a schedule past a date that a manual run holds', async () => {
    const { engine, run, submit } = setUp()
    engine.now = T0 + 1000
    engine.file(dagOf('d', [task('a')], { schedule: { kind: 'cron', expression: '0 * * * *' } }))
    engine.now = T0 + 60_000
    await run([submit({ kind: 'trigger', dagId: 'd', logicalDate: T0 + 3_600_000 })])
    engine.now = T0 + 3_600_000
    await run([])
    expect(engine.runs('d').map((one) => one.runType)).toEqual(['manual'])
    engine.now = T0 + 7_200_000
    await run([])
    expect(engine.runs('d').map((one) => one.runType)).toEqual(['manual', 'scheduled'])
    expect(engine.tables.events.some((event) => event.kind === 'run.not_created')).toBe(true)
  })
})
