/** The loop against a database that hangs, fails or is gone, and a machine whose clock is set. */
import { describe, expect, it } from 'vitest'
import type { CancelReason, Dispatch, Executor, ExecutorReport, TryEnded } from '../../core/ports/executor.ts'
import type { Store } from '../../core/ports/store.ts'
import type { CommandRequest } from '../../core/records.ts'
import { createScheduler, type Scheduler } from '../../scheduler/scheduler.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { MemoryTables } from '../../testing/memory-tables.ts'
import { ProgramClock } from '../../testing/simulation/program-clock.ts'
import { SimulatedClock } from '../../testing/simulation/simulated-clock.ts'
import { SIMULATED_DEFAULTS } from '../../testing/simulation/simulated-defaults.ts'
import { dagOf, T0, task } from '../core/engine/harness.ts'

/** Runs nothing: tries start, and end when the test says so. */
class HandExecutor implements Executor {
  readonly mostAhead = 0
  readonly host = 'here'
  readonly slots = 10
  running: Dispatch[] = []
  finished: TryEnded[] = []
  cancelled: CancelReason[] = []
  isStopping = false
  /** A stop waits for `endAll`. */
  takesItsTime = false
  #allEnded: () => void = () => {}
  #report: (reports: readonly ExecutorReport[]) => void = () => {}

  async start(report: (reports: readonly ExecutorReport[]) => void): Promise<void> {
    this.#report = report
  }

  dispatch(tries: readonly Dispatch[]): void {
    this.running.push(...tries)
  }

  cancel(keys: readonly { tiId: number }[], reason: CancelReason): void {
    if (keys.length > 0) this.cancelled.push(reason)
  }

  acknowledge(keys: readonly { tiId: number }[]): void {
    this.finished = this.finished.filter(({ key }) => !keys.some((one) => one.tiId === key.tiId))
  }

  inventory() {
    return { running: this.running.map((dispatch) => dispatch.key), finished: this.finished }
  }

  endAll(): void {
    const ended = this.running.splice(0).map((dispatch): TryEnded => {
      const outcome = { state: 'success' as const, xcoms: [] }
      return { type: 'ended', key: dispatch.key, startedAt: T0, endedAt: T0, host: 'here', pid: 1, outcome }
    })
    this.finished.push(...ended)
    this.#report(ended)
    this.#allEnded()
  }

  async stop(): Promise<void> {
    this.isStopping = true
    if (this.takesItsTime) await new Promise<void>((resolve) => (this.#allEnded = resolve))
    else this.endAll()
  }
}

type Fault = 'hangs' | 'fails' | null

/** The memory Store behind a line that can be cut. */
function faulty(inner: Store, fault: () => Fault, answered: (name: string) => Promise<void>): Store {
  return new Proxy(inner, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target)
      if (typeof method !== 'function' || name === 'onHint')
        return typeof method === 'function' ? method.bind(target) : method
      return async (...args: unknown[]) => {
        if (fault() === 'hangs') return new Promise(() => {})
        if (fault() === 'fails') throw new Error('the database is gone')
        const answer: unknown = await (method as (...args: unknown[]) => unknown).apply(target, args)
        await answered(String(name))
        return answer
      }
    },
  })
}

class World {
  readonly clock = new SimulatedClock(T0)
  readonly own = new ProgramClock(this.clock)
  readonly tables = new MemoryTables()
  readonly executor = new HandExecutor()
  readonly log: string[] = []
  fault: Fault = null
  /** By method: how long its answer takes. */
  readonly slow = new Map<string, number>()
  readonly scheduler: Scheduler

  constructor() {
    this.scheduler = createScheduler({
      store: faulty(
        new MemoryStore(this.tables, this.clock),
        () => this.fault,
        (name) => this.#answered(name),
      ),
      executor: this.executor,
      clock: this.own,
      defaults: SIMULATED_DEFAULTS,
      log: (line) => this.log.push(line),
    })
  }

  async start(): Promise<void> {
    await this.scheduler.start()
    const serialized = dagOf('d', [task('a'), task('b')])
    const dags = [{ serialized, contentHash: 'h' }]
    this.scheduler.onDagFile({ type: 'parsed', file: 'd.ts', bundleHash: 'b', dags, warnings: [], at: T0 })
    await this.pass(100)
    this.tables.submit({ kind: 'trigger', dagId: 'd', runId: 'r' }, 'user:anna', T0)
    await this.pass(100)
    expect(this.executor.running).toHaveLength(2)
  }

  async #answered(name: string): Promise<void> {
    const ms = this.slow.get(name)
    if (ms !== undefined) await this.clock.after(ms)
  }

  /** Another scheduler takes the lease. */
  depose(): void {
    const { epoch } = this.tables.lease
    this.tables.lease = { epoch: epoch + 1, host: 'there', expiresAt: this.clock.now() + 3_600_000 }
  }

  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms
    this.clock.setTimer(until, () => {})
    while (await this.clock.step(until));
  }

  /** How long a stop takes, in simulated time. */
  async stop(graceMs: number): Promise<number> {
    const from = this.clock.now()
    let took: number | null = null
    const stopped = this.scheduler.stop(graceMs).then(() => {
      took = this.clock.now() - from
    })
    for (let i = 0; took === null && i < 600; i++) await this.pass(100)
    await stopped
    return took!
  }
}

describe('a scheduler whose database does not answer', () => {
  it('ends what it runs after 8 s without waiting for the answer, and goes on when the database does', async () => {
    const world = new World()
    await world.start()
    world.fault = 'hangs'
    await world.pass(7_000)
    expect(world.executor.cancelled).toEqual([])
    await world.pass(1_500)
    expect(world.executor.cancelled[0]).toEqual({ by: 'lost leadership', atOnce: true })
    expect(world.scheduler.memory()).toBe(null)
  })

  it('leads again, with everything read anew, when it is answered', async () => {
    const world = new World()
    await world.start()
    world.fault = 'fails'
    await world.pass(20_000)
    expect(world.scheduler.memory()).toBe(null)
    world.fault = null
    await world.pass(3_000)
    expect(world.scheduler.memory()).not.toBe(null)
  })
})

describe('a scheduler that is deposed', () => {
  it('ends what it runs as soon as a commit is refused', async () => {
    const world = new World()
    await world.start()
    // Not a moment before the next renewal, which would notice too.
    while (world.clock.now() - (world.tables.lease.expiresAt - 3_000) > 500) await world.pass(50)
    world.depose()
    world.tables.submit({ kind: 'trigger', dagId: 'd' }, 'user:anna', T0)
    await world.pass(100)
    expect(world.executor.cancelled).toEqual([{ by: 'lost leadership', atOnce: true }])
    expect(world.executor.running).toHaveLength(2)
  })

  it.each([
    ['while its commit is under way', 3_000],
    ['or whose commit is answered late', 6_000],
  ])('%s starts nothing of it', async (_, ms) => {
    const world = new World()
    await world.start()
    world.slow.set('commit', ms)
    world.tables.submit({ kind: 'trigger', dagId: 'd' }, 'user:anna', T0)
    await world.pass(10)
    if (ms < 5_000) world.depose()
    await world.pass(ms + 500)
    expect(world.tables.tries.size).toBe(4)
    expect(world.executor.running).toHaveLength(2)
  })

  it('while it reads the tables begins no term', async () => {
    const world = new World()
    world.slow.set('load', 3_000)
    await world.scheduler.start()
    await world.pass(500)
    world.depose()
    await world.pass(5_000)
    expect(world.scheduler.memory()).toBe(null)
    expect(world.tables.dags.size).toBe(0)
  })
})

describe('what is to end after a commit whose answer is lost', () => {
  it.each<[string, CommandRequest, CancelReason]>([
    ['a cancelled task', { kind: 'cancel', dagId: 'd', runId: 'r', taskIds: ['a'] }, { by: 'user:anna' }],
    ['a cancelled run', { kind: 'cancel', dagId: 'd', runId: 'r' }, { by: 'stale try' }],
    ['what waits for a slot, by a drain', { kind: 'drain' }, { by: 'drain', ifWaiting: true }],
  ])('is asked again: %s', async (_name, request, reason) => {
    const world = new World()
    await world.start()
    world.slow.set('commit', 6_000)
    const id = world.tables.submit(request, 'user:anna', T0)
    await world.pass(6_500)
    world.slow.clear()
    await world.pass(5_000)
    expect(world.tables.commands.get(id)?.answer?.ok).toBe(true)
    expect(world.tables.lease.epoch).toBe(2)
    expect(world.executor.cancelled).toContainEqual(reason)
  })
})

describe('stop', () => {
  it('ends in time when the database fails', async () => {
    const world = new World()
    await world.start()
    world.fault = 'fails'
    expect(await world.stop(1_000)).toBeLessThan(9_000)
  })

  it('ends in time when the database hangs', async () => {
    const world = new World()
    await world.start()
    world.fault = 'hangs'
    expect(await world.stop(1_000)).toBeLessThan(9_000)
  })

  it('ends at once when nothing runs and nobody leads', async () => {
    const world = new World()
    world.fault = 'fails'
    await world.scheduler.start()
    await world.pass(5_000)
    expect(await world.stop(60_000)).toBeLessThan(1_000)
  })

  it('tells the executor at once, so that what waits there for a slot does not begin in the grace', async () => {
    const world = new World()
    await world.start()
    world.executor.takesItsTime = true
    const stopping = world.stop(10_000)
    await world.pass(100)
    expect(world.executor.isStopping).toBe(true)
    world.executor.endAll()
    await stopping
    expect([...world.tables.tis.values()].map((ti) => ti.state)).toEqual(['success', 'success'])
  })

  it('commits the results of its grace, although a statement fails in the middle', async () => {
    const world = new World()
    await world.start()
    world.executor.takesItsTime = true
    const stopping = world.stop(10_000)
    await world.pass(500)
    world.fault = 'fails'
    world.executor.endAll()
    await world.pass(200)
    world.fault = null
    await stopping
    expect([...world.tables.tis.values()].map((ti) => ti.state)).toEqual(['success', 'success'])
    expect(world.tables.executions.size).toBe(0)
  })
})

describe('a clock that is set', () => {
  it.each([-3_600_000, 3_600_000])('by %i ms neither ends the lease nor stops the sweep', async (offset) => {
    const world = new World()
    await world.start()
    world.own.setOffset(offset)
    world.executor.running = []
    // Two sweeps find that the executor knows nothing of them; the lease would be gone after 3 s.
    await world.pass(12_000)
    expect(world.tables.lease.epoch).toBe(1)
    expect(world.tables.lease.expiresAt).toBeGreaterThan(world.clock.now())
    expect([...world.tables.tries.values()].filter((row) => row.cause?.kind === 'host-lost')).toHaveLength(2)
  })
})
