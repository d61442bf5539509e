/**
 * Small random Dags with sagas, and everything an operator can ask for at random moments, several things in one tick too. Each tick
 * memory is compared with a rebuild and the tables with the events (`Engine`); in the end every run has ended, nothing is left to
 * undo, no limit is held, and nothing was undone twice unless somebody asked.
 */
import { expect, it } from 'vitest'
import type { Dispatch, TryOutcome } from '../../../core/ports/executor.ts'
import type { CommandRequest, RunRecord } from '../../../core/records.ts'
import type { ErrorStrategy, SerializedDag, SerializedTask, TriggerRule } from '../../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES } from '../../../core/states.ts'
import { Random } from '../../../testing/simulation/random.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const HISTORIES = 60
const STEPS = 70
const MOST_RUNS = 4
const DAY = 86_400_000

const RULES: readonly TriggerRule[] = [
  'all_success',
  'all_success',
  'all_done',
  'one_failed',
  'none_failed',
  'one_success',
]
const STRATEGIES: readonly (ErrorStrategy | undefined)[] = [
  undefined,
  'retry',
  'compensate',
  'dead-letter',
  'retry-then-compensate',
]
const GROUPS = [
  { groupId: 'first', saga: true },
  { groupId: 'first.in', parentId: 'first' },
  { groupId: 'second', saga: true },
]

const strategyOf = (random: Random) => {
  const errorStrategy = random.pick(STRATEGIES)
  return errorStrategy === undefined ? {} : { errorStrategy }
}

/** Tasks before the sagas, in one or the other, and behind them, in this order. */
function randomDag(random: Random, size: number): SerializedDag {
  const tasks: SerializedTask[] = []
  for (let i = 0; i < size; i++) {
    const place = i / size
    const inFirst = place >= 0.2 && place < 0.5
    const groupId = inFirst ? random.pick(['first', 'first.in']) : place >= 0.5 && place < 0.75 ? 'second' : undefined
    const compensate = { retries: random.int(0, 1), retryDelayMs: 500, alsoWhenFailed: random.chance(0.3) }
    tasks.push(
      task(`t${i}`, {
        upstream: tasks.filter(() => random.chance(0.35)).map(({ taskId }) => taskId),
        retries: random.int(0, 1),
        retryDelayMs: 1000,
        triggerRule: random.pick(RULES),
        ...(groupId === undefined ? {} : { groupId }),
        ...(random.chance(0.6) ? { compensate } : {}),
        ...strategyOf(random),
        ...(random.chance(0.1) ? { startDate: T0 + DAY } : {}),
        ...(random.chance(0.2) ? { pool: 'p' } : {}),
      }),
    )
  }
  const dagrunTimeout = random.chance(0.3) ? { dagrunTimeoutMs: 5000 } : {}
  const fields = { groups: GROUPS, maxActiveRuns: 2, failFast: random.chance(0.15), ...dagrunTimeout }
  return dagOf('d', tasks, { ...fields, ...strategyOf(random) })
}

class History {
  readonly engine = new Engine({ slots: 4 })
  readonly #random: Random
  readonly #size: number
  /** By TI and forward try: how often its compensation has succeeded. */
  readonly #undone = new Map<string, number>()

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#size = this.#random.int(4, 12)
    this.engine.command({ kind: 'set-pool', name: 'p', slots: 1 })
    while (!this.engine.memory.dags.has('d')) this.#file()
  }

  #file(): void {
    const dag = randomDag(this.#random, this.#size + this.#random.int(0, 1))
    try {
      this.engine.file(dag)
    } catch (error) {
      // A chance saga that leads out and back into itself.
      if (!String(error).includes('waits for tasks outside')) throw error
    }
  }

  #outcome(): TryOutcome {
    const roll = this.#random.int(0, 99)
    if (roll < 70) return { state: 'success', xcoms: [] }
    const kind = roll < 75 ? 'host-lost' : roll < 90 ? 'error' : 'cancelled'
    return { state: 'failed', cause: { kind, message: 'boom', ...(kind === 'cancelled' ? { by: 'somebody' } : {}) } }
  }

  /** One of those that run. */
  #end(): void {
    const { engine } = this
    if (engine.running.length === 0) return
    const [dispatch] = engine.running.splice(this.#random.int(0, engine.running.length - 1), 1)
    const outcome = this.#outcome()
    if (dispatch!.kind === 'compensation' && outcome.state === 'success') this.#count(dispatch!)
    engine.report(dispatch!, outcome)
  }

  #count({ key }: Dispatch): void {
    const { tables } = this.engine
    const rows = [...tables.sagas.compensations.values()]
    const row = rows.find(({ tiId, lastTry }) => tiId === key.tiId && lastTry === key.tryNumber)
    // One that was called off, and is perhaps to be repeated by hand, ends for nobody.
    if (row?.state !== 'compensating' || tables.tis.get(key.tiId)?.retryAt !== null) return
    const name = `${row.tiId}.${row.forwardTry}`
    this.#undone.set(name, (this.#undone.get(name) ?? 0) + 1)
  }

  #requests(run: RunRecord): readonly CommandRequest[] {
    const random = this.#random
    const { tables } = this.engine
    const name = { dagId: 'd', runId: run.runId }
    const tis = [...tables.tis.values()].filter((ti) => ti.dagRunId === run.id)
    const taskIds = tis.length === 0 ? ['t0'] : [random.pick(tis).taskId]
    const letters = [...tables.sagas.letters.values()]
      .filter(() => random.chance(0.5))
      .slice(0, 4)
      .map(({ letter: { tiId, tryNumber, dagRunId } }) => {
        return { tiId, tryNumber, dagId: 'd', runId: tables.runs.get(dagRunId)!.runId }
      })
    const where = { upstream: random.chance(0.3), downstream: random.chance(0.5) }
    const which = { onlyFailed: random.chance(0.3), onlyRunning: random.chance(0.1) }
    const how = { newest: random.chance(0.3), newKeys: random.chance(0.3) }
    const some = random.chance(0.5) ? { taskIds } : {}
    return [
      { kind: 'clear', ...name, taskIds, ...where, ...which, ...how },
      { kind: 'mark', ...name, taskIds, ...where, state: random.pick(['success', 'failed', 'skipped']) },
      { kind: 'mark-run', ...name, state: random.pick(['success', 'failed']) },
      { kind: 'cancel', ...name, ...some, withoutCompensation: random.chance(0.2) },
      { kind: 'compensate', ...name, ...some },
      { kind: 'redrive', letters, ...how },
    ]
  }

  step(number: number): void {
    const { engine } = this
    const random = this.#random
    const runs = engine.runs('d')
    const roll = random.int(0, 99)
    if (roll < 8) {
      if (runs.length >= MOST_RUNS) return
      engine.now += 2
      engine.command({ kind: 'trigger', dagId: 'd', runId: `r${number}` })
    } else if (roll < 55) this.#end()
    else if (roll < 62) engine.at(engine.now + random.pick([1, 500, 1000, 6000]))
    else if (roll < 66) engine.restart()
    else if (roll < 68) this.#file()
    else if (roll < 70) engine.command({ kind: 'set-pool', name: 'p', slots: random.int(0, 2) })
    else if (roll < 72) engine.command({ kind: random.pick(['pause', 'unpause']), dagId: 'd' })
    else if (runs.length > 0) {
      const requests = this.#requests(random.pick(runs))
      engine.commands(Array.from({ length: random.pick([1, 1, 2]) }, () => random.pick(requests)))
    }
  }

  /** Lets everything go on until it has ended. */
  finish(): void {
    const { engine } = this
    engine.command({ kind: 'set-pool', name: 'p', slots: 2 })
    engine.command({ kind: 'unpause', dagId: 'd' })
    const hasEnded = ({ state }: RunRecord) => FINISHED_RUN_STATES.has(state)
    for (let i = 0; i < 2000 && !(engine.running.length === 0 && engine.runs('d').every(hasEnded)); i++) {
      if (engine.running.length > 0) this.#end()
      else engine.at(Math.max(engine.now + 1, Math.min(engine.memory.timers.nextAt, engine.now + 60_000)))
    }
  }

  check(): void {
    const { memory, tables, running } = this.engine
    expect(running).toEqual([])
    for (const { id, state } of this.engine.runs('d'))
      expect([id, FINISHED_RUN_STATES.has(state), this.engine.states(id)]).toEqual([id, true, expect.anything()])
    for (const row of tables.sagas.compensations.values()) expect(row.state).not.toBe('compensating')
    expect([...this.#undone].filter(([, times]) => times > 1)).toEqual([])
    const { executions, usage, waiting, runs, parked, dags } = memory
    const left = [executions.size, usage.size, waiting.size, runs.size, parked.size, dags.get('d')!.running]
    expect(left).toEqual([0, 0, 0, 0, 0, 0])
  }
}

it.each(Array.from({ length: HISTORIES }, (_, i) => i + 1))('history %i', (seed) => {
  const history = new History(seed)
  for (let number = 0; number < STEPS; number++) history.step(number)
  history.finish()
  history.check()
})
