/**
 * The saga side of one run during one tick: its memory with this tick's changes laid over it. It counts who has still to be
 * undone below whom and says whose turn it is; what has a turn is given to the limits by `compensation.ts`.
 */
import type { DagGraph } from '../graph.ts'
import type { CompensationRecord, TiRecord } from '../records.ts'
import { undoCounts } from '../saga.ts'
import { NOTHING_BELOW, rebuildSaga, type SagaMemory, type TryError } from './saga-memory.ts'

export class SagaDraft {
  readonly #graph: DagGraph
  #base: SagaMemory
  undoing: number
  held: boolean
  /** Nothing below them is still to be undone, in the order in which they came to it. */
  readonly turns: number[] = []
  /** Something was planned since the order was last worked out. */
  isReplanned = false
  readonly #compensations = new Map<number, CompensationRecord>()
  readonly #errors = new Map<number, TryError>()
  readonly #below = new Map<number, number>()
  /** Arrays of this draft's own, as few as there are sagas. */
  #open: Int32Array
  #settled: Uint8Array

  constructor(graph: DagGraph, memory: SagaMemory) {
    this.#graph = graph
    this.#base = memory
    this.undoing = memory.undoing
    this.held = memory.held
    this.#open = memory.open.slice()
    this.#settled = memory.settled.slice()
  }

  compensation(index: number): CompensationRecord | undefined {
    return this.#compensations.get(index) ?? this.#base.compensations.get(index)
  }

  compensations(): ReadonlyMap<number, CompensationRecord> {
    return new Map([...this.#base.compensations, ...this.#compensations])
  }

  setCompensation(index: number, record: CompensationRecord): void {
    this.#compensations.set(index, record)
  }

  /** Rows to write. */
  get changed(): Iterable<CompensationRecord> {
    return this.#compensations.values()
  }

  error(index: number, tryNumber: number): string | null {
    const error = this.#errors.get(index) ?? this.#base.errors.get(index)
    return error?.tryNumber === tryNumber ? error.message : null
  }

  setError(index: number, error: TryError): void {
    this.#errors.set(index, error)
  }

  /** Nothing below it is still to be undone. */
  hasTurn(index: number): boolean {
    return !this.held && this.#belowOf(index) === 0
  }

  sagaIsOpen(saga: number): boolean {
    return this.#open[saga]! > 0
  }

  isSettled(saga: number): boolean {
    return this.#settled[saga] === 1
  }

  settle(saga: number): void {
    this.#settled[saga] = 1
  }

  /** `reorder` follows when all plans of the tick are known; until then the counts mean nothing. */
  planned(): void {
    this.isReplanned = true
  }

  /** A TI is to be undone. */
  opened(index: number): void {
    this.undoing++
    const saga = this.#graph.sagaOf?.[index] ?? -1
    if (saga < 0) return
    this.#open[saga]! += 1
    this.#settled[saga] = 0
  }

  /** Counts anew after a plan, in one pass, and finds those that may begin. */
  reorder(isUndone: (index: number) => boolean): void {
    this.isReplanned = false
    this.#base = { ...this.#base, below: undoCounts(this.#graph, isUndone) }
    this.#below.clear()
    this.release(isUndone)
  }

  /** All that waits may begin now, as far as the order allows. */
  release(isUndone: (index: number) => boolean): void {
    for (let i = this.#graph.order.length - 1; i >= 0; i--) {
      const index = this.#graph.order[i]!
      if (this.hasTurn(index) && isUndone(index)) this.turns.push(index)
    }
  }

  /** A TI has ended, forwards or backwards. */
  closed(index: number, wasUndone: boolean, isUndone: (index: number) => boolean): void {
    const saga = this.#graph.sagaOf?.[index] ?? -1
    if (saga >= 0) this.#open[saga]! -= 1
    if (!wasUndone) return
    this.undoing--
    if (this.isReplanned || this.#belowOf(index) > 0) return
    const done = [index]
    for (let at = done.pop(); at !== undefined; at = done.pop()) {
      for (const up of this.#graph.upstream[at]!) {
        const left = this.#belowOf(up) - 1
        this.#below.set(up, left)
        if (left > 0) continue
        if (isUndone(up)) this.turns.push(up)
        else done.push(up)
      }
    }
  }

  /** TIs were set by hand: everything is worked out anew. */
  recount(tis: readonly TiRecord[]): void {
    const compensations = new Map([...this.#base.compensations, ...this.#compensations])
    const errors = new Map([...this.#base.errors, ...this.#errors])
    const fresh = rebuildSaga(this.#graph, tis, { compensations, errors })
    // The maps are those of memory, whose changes are kept apart until the commit.
    this.#base = { ...fresh, compensations: this.#base.compensations, errors: this.#base.errors }
    this.#below.clear()
    this.undoing = fresh.undoing
    this.#open = fresh.open.slice()
    this.#settled = fresh.settled.slice()
  }

  /** What memory holds from now on. Only after the commit, as in `RunDraft.committed`. May be called again. */
  committed(): SagaMemory {
    const { undoing, held } = this
    const compensations = this.#base.compensations as Map<number, CompensationRecord>
    const errors = this.#base.errors as Map<number, TryError>
    for (const [index, record] of this.#compensations) compensations.set(index, record)
    for (const [index, error] of this.#errors) errors.set(index, error)
    const { below } = this.#base
    if (undoing > 0) for (const [index, count] of this.#below) below[index] = count
    return {
      compensations,
      errors,
      undoing,
      held: held && undoing > 0,
      below: undoing === 0 ? NOTHING_BELOW : below,
      open: this.#open,
      settled: this.#settled,
    }
  }

  #belowOf(index: number): number {
    return this.#below.get(index) ?? this.#base.below[index] ?? 0
  }
}
