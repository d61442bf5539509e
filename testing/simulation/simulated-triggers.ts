/**
 * Tasks that trigger a Dag, as the worker API does it: a command with the TI as its idempotency key, so that a second try
 * gets the answer of the first, and a pause between looks while no scheduler has answered.
 */
import type { Dispatch, TryOutcome } from '../../core/ports/executor.ts'
import type { CommandRequest } from '../../core/records.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Violation } from './invariants.ts'
import type { ProgramClock } from './program-clock.ts'

const LOOK_MS = 100
const PATIENCE_MS = 60_000

export class SimulatedTriggers {
  readonly #tables: MemoryTables
  readonly #submit: (request: CommandRequest, actor: string) => number
  /** Command by TI. */
  readonly #commands = new Map<number, number>()

  constructor(tables: MemoryTables, submit: (request: CommandRequest, actor: string) => number) {
    this.#tables = tables
    this.#submit = submit
  }

  ask(dispatch: Dispatch, clock: ProgramClock, done: (outcome: TryOutcome) => void): void {
    const { tiId } = dispatch.key
    const command = this.#commands.get(tiId) ?? this.#submit(requestOf(dispatch), actorOf(dispatch))
    this.#commands.set(tiId, command)
    const until = clock.monotonic() + PATIENCE_MS
    const look = () => {
      const answer = this.#tables.commands.get(command)?.answer ?? null
      if (answer === null && clock.monotonic() < until) {
        clock.setDelay(LOOK_MS, look)
        return
      }
      if (answer?.ok === true)
        done({ state: 'success', xcoms: [{ key: 'return_value', json: '"run"', stored: false }] })
      else done({ state: 'failed', cause: { kind: 'error', message: answer?.message ?? 'nobody answered' } })
    }
    clock.setDelay(LOOK_MS, look)
  }

  /** A TI, however often it was tried or cleared, made one run at most, and one if it was told so. */
  check(made: Iterable<{ readonly triggeredBy: string }>, violation: Violation): void {
    const counts = new Map<string, number>()
    for (const { triggeredBy } of made) counts.set(triggeredBy, (counts.get(triggeredBy) ?? 0) + 1)
    for (const command of this.#commands.values()) {
      const entry = this.#tables.commands.get(command)
      const count = counts.get(entry?.record.actor ?? '') ?? 0
      const wanted = entry?.answer?.ok === true ? 1 : 0
      if (count !== wanted)
        violation(`invariant 3: ${entry?.record.actor} made ${count} runs, it was told of ${wanted}`)
    }
  }
}

function actorOf({ key }: Dispatch): string {
  return `task:${key.tiId}`
}

function requestOf({ trigger, context }: Dispatch): CommandRequest {
  const conf = trigger?.conf?.kind === 'literal' ? trigger.conf.value : {}
  return {
    kind: 'trigger',
    dagId: trigger?.dagId ?? '',
    conf: JSON.stringify(conf ?? context.params),
    ...(trigger?.runId === undefined ? {} : { runId: trigger.runId }),
    ...(trigger?.logicalDate === undefined ? {} : { logicalDate: trigger.logicalDate }),
  }
}
