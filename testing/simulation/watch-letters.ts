/**
 * Dead letters and trigger keys, watched at every commit: each final failure leaves one letter and nothing else does; a letter
 * is settled once; what was redriven runs again; a key makes one run. Against the tables only.
 */
import { tryKeyText } from '../../core/ids.ts'
import type { TickWrites } from '../../core/ports/store.ts'
import type { DeadLetterRecord, TiRecord } from '../../core/records.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Counter } from './coverage.ts'
import type { Violation } from './invariants.ts'

export interface LettersWatched {
  readonly tables: MemoryTables
  readonly violation: Violation
  readonly count: (what: Counter) => void
}

const ENDS_IN_A_LETTER: ReadonlySet<TiRecord['state']> = new Set(['failed', 'compensation_failed'])

export class LetterWatch {
  readonly #o: LettersWatched
  readonly #states = new Map<number, TiRecord['state']>()
  readonly #written = new Set<string>()
  /** Redriven letters. */
  readonly #redriven = new Map<string, DeadLetterRecord>()

  constructor(watched: LettersWatched) {
    this.#o = watched
  }

  /** Called with the tables as they are after this commit. */
  after(writes: TickWrites): void {
    const { tables, violation, count } = this.#o
    const written = new Set(writes.deadLetters.map(tryKeyText))
    const marked = new Set(writes.events.flatMap((event) => (event.cause === 'marked' ? [event.tiId] : [])))
    const ended = new Set(writes.events.flatMap((event) => (event.kind.startsWith('run.') ? [event.dagRunId] : [])))
    for (const ti of writes.updatedTis) {
      const before = this.#states.get(ti.id)
      this.#states.set(ti.id, ti.state)
      if (!ENDS_IN_A_LETTER.has(ti.state) || before === ti.state || ti.tryNumber === 0 || marked.has(ti.id)) continue
      // Its run was ended while it waited for its turn.
      const name = `${ti.id}.${ti.tryNumber}`
      if (!tables.tis.has(ti.id) || written.has(name) || this.#written.has(name)) continue
      violation(`one letter: try ${name} of ${ti.taskId} failed for good and left none`)
    }
    for (const letter of writes.deadLetters) {
      const name = tryKeyText(letter)
      count('dead letters')
      if (this.#written.has(name)) violation(`one letter: try ${name} of ${letter.taskId} left two`)
      this.#written.add(name)
      const row = tables.tries.get(name)
      if (row === undefined || (row.state !== 'failed' && !ended.has(letter.dagRunId))) {
        violation(`one letter: try ${name} of ${letter.taskId} is ${row?.state}, and left a letter`)
      }
    }
    for (const outcome of writes.deadLetterOutcomes) {
      const entry = tables.sagas.letters.get(tryKeyText(outcome))
      // Somebody settled it before: that counts.
      if (entry?.outcome !== outcome) continue
      count(outcome.status === 'redriven' ? 'letters redriven' : 'letters discarded')
      if (outcome.status === 'redriven') this.#redriven.set(tryKeyText(outcome), entry.letter)
    }
    for (const row of writes.tiOverrides) if (row.life > 0) count('new keys')
    for (const { commandId, answer } of writes.answers) {
      if (answer.ok) this.#answered(commandId, answer.value, marked)
      else if (answer.code !== 'command-expired') this.#refused(commandId, writes)
    }
  }

  /** A trigger key that has a run is answered with it, whatever stands in the way of another. */
  #refused(commandId: number, { insertedRuns }: TickWrites): void {
    const { tables, violation } = this.#o
    const request = tables.commands.get(commandId)?.record.request
    if (request?.kind !== 'trigger' || request.triggerKey === undefined) return
    const { dagId, triggerKey } = request
    for (const run of tables.runs.values()) {
      if (run.dagId !== dagId || run.triggerKey !== triggerKey || insertedRuns.includes(run)) continue
      violation(`invariant 3: a trigger with the key ${triggerKey} of run ${run.id} was refused`)
    }
  }

  #answered(commandId: number, value: string, marked: ReadonlySet<number | null>): void {
    const { tables, violation, count } = this.#o
    const request = tables.commands.get(commandId)?.record.request
    if (request?.kind === 'redrive') {
      const { redriven, refused } = JSON.parse(value) as {
        readonly redriven: readonly { readonly ti_id: number }[]
        readonly refused: readonly unknown[]
      }
      if (refused.length > 0) count('letters refused')
      for (const { ti_id } of redriven) this.#checkBelow(ti_id, marked)
    }
    if (request?.kind !== 'trigger' || request.triggerKey === undefined) return
    const { id, existed } = JSON.parse(value) as { readonly id: number; readonly existed?: boolean }
    if (existed === true) count('trigger keys used again')
    const run = tables.runs.get(id)
    if (run !== undefined && run.triggerKey !== request.triggerKey) {
      violation(`invariant 3: a trigger with the key ${request.triggerKey} was answered with run ${id} of another`)
    }
  }

  /** What had run below a task that is redriven runs again, too; a compensation that is tried again touches nothing else. */
  #checkBelow(tiId: number, marked: ReadonlySet<number | null>): void {
    const { tables, violation } = this.#o
    const ti = tables.tis.get(tiId)
    const run = ti === undefined ? undefined : tables.runs.get(ti.dagRunId)
    if (ti === undefined || run === undefined || ti.state === 'compensating') return
    const { tasks } = tables.versions.get(run.versionId)!.serialized
    const below = new Set([ti.taskId])
    // Tasks stand in any order: until nothing more is found.
    for (let size = 0; size < below.size; ) {
      size = below.size
      for (const task of tasks) if (task.upstream.some((id) => below.has(id))) below.add(task.taskId)
    }
    for (const other of tables.tis.values()) {
      if (other.dagRunId !== run.id || other.id === tiId || !below.has(other.taskId) || marked.has(other.id)) continue
      if (other.state !== 'success' && other.state !== 'failed') continue
      violation(`redriven: ${other.taskId} is ${other.state} and lies below ${ti.taskId}, which runs again`)
    }
  }

  /** `mayDiffer`: runs whose TIs somebody ended by hand, or that may be ended before their tasks have. */
  check(mayDiffer: (dagRunId: number) => boolean): void {
    const { tables, violation } = this.#o
    for (const [name, letter] of this.#redriven) {
      const ti = tables.tis.get(letter.tiId)
      if (ti === undefined || mayDiffer(letter.dagRunId)) continue
      // What was redriven with it ended otherwise this time, and left it nothing to do.
      if (ti.state !== 'success' && ti.state !== 'failed') continue
      if (ti.tryNumber <= letter.tryNumber) violation(`redriven: ${letter.taskId} did not run again after try ${name}`)
    }
  }
}
