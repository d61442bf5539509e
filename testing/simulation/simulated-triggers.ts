/**
 * Tasks that trigger a Dag, as the worker API does it: each try sends a command of its own, with the idempotency key of its
 * TI as the trigger's key, so that every try gets the run of the first; a pause between looks while no scheduler has answered.
 */
import type { Dispatch, TryOutcome } from '../../core/ports/executor.ts'
import type { CommandAnswer, CommandRequest, RunRecord } from '../../core/records.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Violation } from './invariants.ts'
import type { ProgramClock } from './program-clock.ts'

const LOOK_MS = 100
const PATIENCE_MS = 60_000

export class SimulatedTriggers {
  readonly #tables: MemoryTables
  readonly #submit: (request: CommandRequest, actor: string) => number
  /** Commands by the key of their trigger, and the Dag. */
  readonly #commands = new Map<string, number[]>()
  /** Runs that were undone because those who triggered them were. */
  readonly undone = new Set<number>()

  constructor(tables: MemoryTables, submit: (request: CommandRequest, actor: string) => number) {
    this.#tables = tables
    this.#submit = submit
  }

  ask(dispatch: Dispatch, clock: ProgramClock, done: (outcome: TryOutcome) => void): void {
    if (dispatch.kind === 'compensation') {
      this.#undo(dispatch, clock, done)
      return
    }
    const request = requestOf(dispatch)
    const command = this.#submit(request, actorOf(dispatch))
    const name = nameOf(request.dagId, request.triggerKey ?? null)
    this.#commands.set(name, [...(this.#commands.get(name) ?? []), command])
    this.#await(command, clock, (answer) => {
      if (answer?.ok === true)
        done({ state: 'success', xcoms: [{ key: 'return_value', json: '"run"', stored: false }] })
      else done(failedWith(answer))
    })
  }

  /** The run that a task triggered is undone by undoing that task. */
  #undo({ trigger, context, key }: Dispatch, clock: ProgramClock, done: (outcome: TryOutcome) => void): void {
    const triggerKey = context.idempotencyKey.replace('/compensate', '')
    const run = [...this.#tables.runs.values()].find(
      (one) => one.dagId === trigger?.dagId && one.triggerKey === triggerKey,
    )
    if (run === undefined) {
      done({ state: 'success', xcoms: [] })
      return
    }
    const { dagId, runId } = run
    this.undone.add(run.id)
    const command = this.#submit({ kind: 'compensate', dagId, runId }, `task:${key.tiId}`)
    this.#await(command, clock, (answer) =>
      done(answer?.ok === true ? { state: 'success', xcoms: [] } : failedWith(answer)),
    )
  }

  #await(command: number, clock: ProgramClock, told: (answer: CommandAnswer | null) => void): void {
    const until = clock.monotonic() + PATIENCE_MS
    const look = () => {
      const answer = this.#tables.commands.get(command)?.answer ?? null
      if (answer === null && clock.monotonic() < until) clock.setDelay(LOOK_MS, look)
      else told(answer)
    }
    clock.setDelay(LOOK_MS, look)
  }

  /** A key, however often it was tried or cleared, made one run, if any try was told so; more only if that was deleted. */
  check(made: Iterable<RunRecord>, violation: Violation): void {
    const runs = Map.groupBy(made, (run) => nameOf(run.dagId, run.triggerKey))
    for (const [name, commands] of this.#commands) {
      const own = runs.get(name) ?? []
      const isTold = commands.some((id) => this.#tables.commands.get(id)?.answer?.ok === true)
      const kept = own.filter((run) => this.#tables.runs.has(run.id)).length
      if (kept > 1) violation(`invariant 3: the trigger key ${name} has ${kept} runs`)
      if (kept === own.length && kept !== (isTold ? 1 : 0))
        violation(`invariant 3: the trigger key ${name} made ${kept} runs, it was told of ${isTold ? 1 : 0}`)
    }
  }
}

function nameOf(dagId: string, key: string | null): string {
  return `${dagId} ${key}`
}

function failedWith(answer: CommandAnswer | null): TryOutcome {
  const message = answer?.ok === false ? answer.message : 'nobody answered'
  return { state: 'failed', cause: { kind: 'error', message } }
}

function actorOf({ key }: Dispatch): string {
  return `task:${key.tiId}`
}

function requestOf({ trigger, context }: Dispatch): Extract<CommandRequest, { kind: 'trigger' }> {
  const conf = trigger?.conf?.kind === 'literal' ? trigger.conf.value : {}
  return {
    kind: 'trigger',
    dagId: trigger?.dagId ?? '',
    triggerKey: context.idempotencyKey,
    conf: JSON.stringify(conf ?? context.params),
    ...(trigger?.runId === undefined ? {} : { runId: trigger.runId }),
    ...(trigger?.logicalDate === undefined ? {} : { logicalDate: trigger.logicalDate }),
  }
}
