/**
 * What memory holds of a run whose tasks can be undone, or that has sagas; other runs hold `null`. Invariant: all of it
 * follows from the TIs, the compensation rows and the live executions, so that a rebuild gives the same.
 */
import type { CauseOfDeath } from '../cause-of-death.ts'
import type { DagGraph } from '../graph.ts'
import type { CompensationRecord, TiRecord } from '../records.ts'
import { type Compensations, failureOf, runOfTis, undoCounts } from '../saga.ts'
import { FINISHED_TI_STATES } from '../states.ts'

/** Why a try failed, in one sentence, for the code that undoes it. */
export interface TryError {
  readonly tryNumber: number
  readonly message: string
}

/** More than this of a message is not kept: memory holds one for every task that failed. */
const LONGEST_MESSAGE = 500

export function tryError(tryNumber: number, { message }: CauseOfDeath): TryError {
  return { tryNumber, message: message.slice(0, LONGEST_MESSAGE) }
}

export interface SagaMemory {
  /** Newest of each TI that was ever undone, by task index. */
  readonly compensations: Compensations
  /** Of the last failed try, by task index. Means something only while it is the TI's last try. */
  readonly errors: ReadonlyMap<number, TryError>
  /** TIs that are being undone. */
  readonly undoing: number
  /** `undoCounts` while something is being undone; else empty. */
  readonly below: Int32Array
  /** What is to be undone waits until executions of before the plan have ended. */
  readonly held: boolean
  /** Per saga: members that have not ended. */
  readonly open: Int32Array
  /** Per saga: 1 when all has ended and nothing is still to be undone. Means something only while the run is running. */
  readonly settled: Uint8Array
}

export const NOTHING_BELOW = new Int32Array()

export function hasSagaMemory(graph: DagGraph): boolean {
  return graph.compensates || graph.sagas.length > 0
}

/** From the TIs alone. Whether it is `held` hangs on executions: the caller knows. */
export function rebuildSaga(
  graph: DagGraph,
  tis: readonly TiRecord[],
  { compensations, errors }: Pick<SagaMemory, 'compensations' | 'errors'>,
): SagaMemory {
  const isComplete = tis.length === graph.tasks.length
  const run = runOfTis(graph, tis, compensations)
  const open = Int32Array.from(graph.sagas, ({ members }) =>
    members.reduce((sum, index) => sum + (isOpen(tis[index]) ? 1 : 0), 0),
  )
  const isSettled = (saga: number) => isComplete && open[saga] === 0 && failureOf(run, graph.sagas[saga]!) === null
  const undoing = tis.reduce((sum, ti) => sum + (ti.state === 'compensating' ? 1 : 0), 0)
  return {
    compensations,
    errors,
    undoing,
    below: undoing === 0 ? NOTHING_BELOW : undoCounts(graph, (index) => tis[index]?.state === 'compensating'),
    held: false,
    open,
    settled: Uint8Array.from(graph.sagas, (_, saga) => (isSettled(saga) ? 1 : 0)),
  }
}

function isOpen(ti: TiRecord | undefined): boolean {
  return ti === undefined || !FINISHED_TI_STATES.has(ti.state)
}

/** Rows by task index. */
export function compensationsByIndex(
  tis: readonly TiRecord[],
  rows: readonly CompensationRecord[] | undefined,
): Map<number, CompensationRecord> {
  if (rows === undefined) return new Map()
  const byTi = new Map(rows.map((row) => [row.tiId, row]))
  return new Map(
    tis.flatMap((ti, index) => {
      const row = byTi.get(ti.id)
      return row === undefined ? [] : [[index, row] as const]
    }),
  )
}
