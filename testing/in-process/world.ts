/** Tables, scheduler and executor of one Dag under test, and the loop that drives them until there is nothing to wait for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { readConfig } from '../../core/config/read-config.ts'
import { tryKeyText } from '../../core/ids.ts'
import type { ConnectionRecord } from '../../core/ports/worker-api.ts'
import type { CommandRequest, RunRecord, TiRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES } from '../../core/states.ts'
import { toParsedDag } from '../../scheduler/dag-processor/content-hash.ts'
import { createScheduler, type Scheduler } from '../../scheduler/scheduler.ts'
import { type AnyDag, serializeDags } from '../../sdk/internal.ts'
import { MemoryStore } from '../memory-store.ts'
import { MemoryTables } from '../memory-tables.ts'
import type { ConnectionValues, DeadLetter, RunOptions, TaskOutcome } from '../runner/dag-run.ts'
import { answerCalls } from './client-calls.ts'
import { InProcessExecutor } from './executor.ts'
import { FaultPlan } from './faults.ts'
import { JumpingClock } from './jumping-clock.ts'

/** Of the clock that jumps; a run that waits longer waits for ever. */
const LONGEST_WAIT_MS = 2 * 24 * 3_600_000
const MAX_XCOM_BYTES = 16 * 1024 * 1024
const FILE = 'test.ts'
/** Defaults must not depend on where a test runs. */
const MACHINE = { cores: 4 }

export class InMemoryWorld {
  readonly filesDir: string
  readonly variables: Map<string, string>
  readonly logs: { taskId: string; level: string; text: string }[] = []
  readonly #clock = new JumpingClock(Date.now())
  readonly #tables = new MemoryTables()
  readonly #serialized: SerializedDag
  readonly #executor: InProcessExecutor
  readonly #scheduler: Scheduler

  constructor(dag: { readonly dagId: string }, options: RunOptions) {
    this.#serialized = serialize(dag)
    this.variables = new Map(Object.entries(options.variables ?? {}))
    this.filesDir = options.filesDir ?? temporaryFolder()
    for (const { pool } of this.#serialized.tasks) {
      if (pool !== undefined) this.#tables.pools.set(pool, { name: pool, slots: -1, description: null })
    }
    const defaults = platformDefaults(readConfig({ env: {}, flags: {}, machine: MACHINE }).config)
    this.#executor = this.#makeExecutor(dag as AnyDag, options)
    this.#scheduler = createScheduler({
      store: new MemoryStore(this.#tables, this.#clock),
      executor: this.#executor,
      clock: this.#clock,
      defaults,
      log: () => {},
    })
  }

  #makeExecutor(dag: AnyDag, { connections = {}, fail = {}, failCompensation = {} }: RunOptions) {
    const taskIds = new Set(this.#serialized.tasks.map((task) => task.taskId))
    const taskOf = new Map<number, string>()
    const calls = answerCalls(this.#tables, {
      variables: this.variables,
      connections: new Map(Object.entries(connections).map(([id, given]) => [id, connection(id, given)])),
      triggered: [],
    })
    return new InProcessExecutor({
      dags: [dag],
      tools: {
        settings: {
          token: '',
          marker: '',
          dagsFolder: '',
          cacheDir: '',
          filesDir: this.filesDir,
          heartbeatEveryMs: 0,
          maxXComBytes: MAX_XCOM_BYTES,
          maxBundles: 1,
        },
        calls,
        output: {
          markExit: () => {},
          structured: (seq, { level, text }) => void this.logs.push({ taskId: taskOf.get(seq) ?? '', level, text }),
        },
      },
      faults: { tasks: new FaultPlan(fail, taskIds), compensations: new FaultPlan(failCompensation, taskIds) },
      now: () => this.#clock.now(),
      returnValue: (key) => this.#tables.xcoms.get(`${tryKeyText(key)}.return_value`)?.json ?? null,
      onBegin: (seq, dispatch) => void taskOf.set(seq, dispatch.taskId),
    })
  }

  async begin(): Promise<void> {
    await this.#scheduler.start()
    // Without its schedule: what is asked for is all that runs.
    const serialized = { ...this.#serialized, schedule: { kind: 'none' as const }, isPausedUponCreation: false }
    const bundleHash = 'in-process'
    const at = this.#clock.now()
    const dags = [toParsedDag(serialized, bundleHash)]
    this.#scheduler.onDagFile({ type: 'parsed', file: FILE, bundleHash, dags, warnings: [], at })
  }

  /** @throws what the scheduler refused it with. */
  async command(request: CommandRequest): Promise<void> {
    const id = this.#tables.submit(request, 'user:test', this.#clock.now())
    await this.#until(() => this.#tables.commands.get(id)?.answer !== null, `an answer to ${request.kind}`)
    const answer = this.#tables.commands.get(id)?.answer
    if (answer?.ok === false) throw new Error(`${answer.message} (${answer.code})`)
  }

  async untilRunEnds(): Promise<void> {
    await this.#until(() => FINISHED_RUN_STATES.has(this.run().state) && this.#executor.isIdle, 'the end of the run')
  }

  run(): RunRecord {
    const [run] = this.#tables.runs.values()
    if (run === undefined) throw new Error(`There is no run of the Dag "${this.#serialized.dagId}".`)
    return run
  }

  letters(): { readonly tiId: number; readonly letter: DeadLetter }[] {
    const letters = [...this.#tables.sagas.letters.values()].toSorted((a, b) => a.letter.at - b.letter.at)
    return letters.map(({ letter: { tiId, taskId, tryNumber, kind, message }, outcome }) => ({
      tiId,
      letter: { taskId, tryNumber, kind, message, status: outcome?.status ?? 'open' },
    }))
  }

  outcomes(): TaskOutcome[] {
    const byId = new Map([...this.#tables.tis.values()].map((ti) => [ti.taskId, ti]))
    return this.#serialized.tasks.flatMap(({ taskId }) => {
      const ti = byId.get(taskId)
      return ti === undefined ? [] : [this.#outcomeOf(ti)]
    })
  }

  #outcomeOf({ id, taskId, state, tryNumber }: TiRecord): TaskOutcome {
    const tries = [...this.#tables.tries.values()]
      .filter((one) => one.tiId === id)
      .toSorted((a, b) => a.tryNumber - b.tryNumber)
    // A TI that was undone still has what it had returned before.
    const values = tries.map((one) => this.#tables.xcoms.get(`${tryKeyText(one)}.return_value`)?.json)
    const json = state === 'success' ? values.at(-1) : undefined
    return {
      taskId,
      state,
      tries: tryNumber,
      result: json === undefined || json === null ? null : (JSON.parse(json) as unknown),
      error: tries.at(-1)?.cause?.message ?? null,
    }
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    let latest = this.#clock.now() + LONGEST_WAIT_MS
    for (;;) {
      // What a timer or a result sets off has come to rest by the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve))
      if (isTrue()) return
      if (!this.#executor.isIdle) {
        await this.#executor.nextEnd()
        latest = this.#clock.now() + LONGEST_WAIT_MS
        continue
      }
      if (this.#clock.now() > latest) {
        const states = this.outcomes().map((one) => `${one.taskId} ${one.state}`)
        throw new Error(`Nothing more happens, but ${what} has not come. ${states.join(', ')}`)
      }
      this.#clock.jump()
    }
  }
}

function serialize(dag: { readonly dagId: string }): SerializedDag {
  const { dags, problems } = serializeDags([dag], { file: FILE, positionOf: () => null })
  const [serialized] = dags
  if (serialized !== undefined) return serialized
  const told = problems.map((problem) => `${problem.message} ${problem.remedy}`)
  throw new Error(`The Dag "${dag.dagId}" has mistakes:\n${told.join('\n')}`)
}

function connection(id: string, given: ConnectionValues): ConnectionRecord {
  const nothing = { host: null, schema: null, login: null, password: null, port: null, extra: null }
  return { id, ...nothing, ...given }
}

const temporaryFolders: string[] = []

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-test-'))
  if (temporaryFolders.push(folder) === 1) {
    process.once('exit', () => {
      for (const one of temporaryFolders) rmSync(one, { recursive: true, force: true })
    })
  }
  return folder
}
