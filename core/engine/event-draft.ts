/**
 * The events of one tick, and what they have to carry besides their words. Invariant: after the tick every row it changes can
 * be told from the rows before it and its events; what does not follow from an event by itself (`core/event-log/steps.ts`)
 * is added to the last event about the row, and a row that changed without any gets one of its own.
 */
import { dataText, differenceOf, type EventData, factsOf, type Leader, type TryFacts } from '../event-log/event-data.ts'
import {
  blankTi,
  newDag,
  newRun,
  newTry,
  QUEUED_KINDS,
  stepDag,
  stepRun,
  stepTi,
  stepTry,
  withTiData,
} from '../event-log/steps.ts'
import type { TryKey } from '../ids.ts'
import type { TickWrites } from '../ports/store.ts'
import type { DagRecord, EventRecord, RunRecord, TiRecord, TryRecord } from '../records.ts'
import { attachRareRows, type LastEvents } from './rare-row-events.ts'

type Made = NonNullable<EventData['tis']>
export type EventFields = Partial<Omit<EventRecord, 'data'>> & Pick<EventRecord, 'kind' | 'actor'>

/** Rows as memory has them: before the tick. `madeTi`: as a run gets it. */
export interface RowsBefore {
  run(id: number, dagId: string): RunRecord | undefined
  ti(ti: TiRecord): TiRecord | undefined
  madeTi(ti: TiRecord): TiRecord | undefined
  try(key: TryKey): TryRecord | undefined
  dag(dagId: string): DagRecord | undefined
  dagOf(dagRunId: number): string | null
}

export class EventDraft {
  readonly #now: number
  readonly #host: string
  readonly #takeId: () => number
  readonly #events: EventRecord[] = []
  readonly #data: (EventData | undefined)[] = []
  /** TIs that runs got, until the next event of the run tells it. */
  readonly #untold = new Map<number, Made>()
  /** All of this tick, told or not. */
  readonly #made = new Map<number, Made[]>()
  #dagOf: (dagRunId: number) => string | null = () => null
  #command: number | null = null
  #commandRun: number | null = null

  constructor(now: number, host: string, takeId: () => number) {
    this.#now = now
    this.#host = host
    this.#takeId = takeId
  }

  add(fields: EventFields): void {
    const event: EventRecord = {
      id: this.#takeId(),
      at: this.#now,
      dagRunId: null,
      dagId: null,
      tiId: null,
      tryNumber: null,
      cause: null,
      data: null,
      ...fields,
    }
    const i = this.#events.push(event) - 1
    const { dagRunId } = event
    if (this.#command !== null) {
      this.#dataOf(i).command = this.#command
      this.#commandRun ??= dagRunId
    }
    const made = dagRunId === null ? undefined : this.#untold.get(dagRunId)
    if (dagRunId === null || made === undefined) return
    this.#dataOf(i).tis = made
    this.#untold.delete(dagRunId)
  }

  lead(leader: Leader): void {
    this.add({ kind: 'scheduler.leading', actor: `host:${leader.host}`, cause: `epoch ${leader.epoch}` })
    this.#dataOf(this.#events.length - 1).leader = leader
  }

  /** Until `endCommand` everything happens because of it. */
  beginCommand(id: number): void {
    this.#command = id
    this.#commandRun = null
  }

  /** With its answer, beside the run it was about; without one it goes on in the next tick. */
  endCommand(answer?: EventFields): void {
    if (answer !== undefined) this.add({ ...answer, dagRunId: answer.dagRunId ?? this.#commandRun })
    this.#command = null
  }

  /** A run got TIs, of `count` tasks from `firstIndex` on. */
  madeTis(dagRunId: number, firstId: number, firstIndex: number, count: number): void {
    if (count <= 0) return
    if (this.#untold.has(dagRunId)) this.#tellMade(dagRunId)
    const made: Made = [firstId, firstIndex, count]
    this.#untold.set(dagRunId, made)
    this.#made.set(dagRunId, [...(this.#made.get(dagRunId) ?? []), made])
  }

  /** All of them, in order, with their data. Once, when the tick is complete. */
  complete(writes: Omit<TickWrites, 'events' | 'answers'>, before: RowsBefore): EventRecord[] {
    // Told by no event so far: a large run that gets its TIs in several ticks.
    for (const dagRunId of [...this.#untold.keys()]) this.#tellMade(dagRunId)
    this.#dagOf = (id) => before.dagOf(id)
    const byTi = indexesBy(this.#events, (event) => event.tiId)
    for (const row of writes.insertedTries) this.#tellTry(byTi, row, undefined)
    for (const row of writes.updatedTries) this.#tellTry(byTi, row, before.try(row))
    for (const ti of writes.updatedTis) this.#tellTi(byTi, ti, before.ti(ti) ?? blankTi(ti.id, ti.dagRunId))
    for (const ti of writes.insertedTis) {
      const isMade = this.#made.get(ti.dagRunId)?.some(([first, , count]) => ti.id >= first && ti.id < first + count)
      this.#tellTi(byTi, ti, (isMade === true ? before.madeTi(ti) : undefined) ?? blankTi(ti.id, ti.dagRunId))
    }
    if (writes.insertedRuns.length + writes.updatedRuns.length > 0) this.#tellRuns(writes, before)
    if (writes.dags.length > 0) this.#tellDags(writes.dags, before)
    attachRareRows(writes, this.#lastEvents(byTi))
    return this.#events.map((event, i) => {
      const data = this.#data[i]
      return data === undefined ? event : { ...event, data: dataText(data) }
    })
  }

  #tellMade(dagRunId: number): void {
    this.add({ kind: 'run.tis_made', actor: 'scheduler', dagRunId })
  }

  #dataOf(i: number): EventData {
    const data = this.#data[i]
    if (data !== undefined) return data
    const fresh: EventData = {}
    this.#data[i] = fresh
    return fresh
  }

  #tellTry(byTi: Map<number, number[]>, row: TryRecord, before: TryRecord | undefined): void {
    const { tiId, tryNumber, dagRunId } = row
    let i = byTi.get(tiId)?.findLast((one) => this.#events[one]!.tryNumber === tryNumber)
    if (i !== undefined && before === undefined && QUEUED_KINDS.has(this.#events[i]!.kind)) {
      if (differenceOf(newTry(this.#events[i]!, this.#host), row) === null) return
    }
    i ??= this.#own(byTi, tiId, { kind: 'ti.updated', dagRunId, tiId, tryNumber })
    const event = this.#events[i]!
    const known = before ?? newTry(event, this.#host)
    // What the step makes of the dates alone is expected; all else stands in the rest.
    const dates: TryFacts = [
      row.startDate === null ? null : row.startDate - event.at,
      row.endDate === null ? null : row.endDate - event.at,
      row.pid,
    ]
    this.#dataOf(i).try = factsOf(row, stepTry(known, event, dates), event)
  }

  #tellTi(byTi: Map<number, number[]>, ti: TiRecord, before: TiRecord): void {
    let row = before
    for (const i of byTi.get(ti.id) ?? []) {
      const event = this.#events[i]!
      const facts = this.#data[i]?.try
      const own = facts === undefined ? null : stepTry(newTry(event, null), event, facts)
      row = withTiData(stepTi(row, event, own), event, this.#data[i] ?? {})
    }
    const different = differenceOf(row, ti)
    if (different === null) return
    const { dagRunId } = ti
    const i =
      byTi.get(ti.id)?.at(-1) ??
      this.#own(byTi, ti.id, { kind: 'ti.updated', dagRunId, tiId: ti.id, tryNumber: ti.tryNumber || null })
    const { startDate, endDate, ...rest } = different
    const data = this.#dataOf(i)
    if (startDate !== undefined || endDate !== undefined) {
      const { at } = this.#events[i]!
      const offset = (instant: number | null) => (instant === null ? null : instant - at)
      data.span = [offset(ti.startDate), offset(ti.endDate)]
    }
    if (Object.keys(rest).length > 0) data.ti = rest
  }

  #tellRuns({ insertedRuns, updatedRuns }: Pick<TickWrites, 'insertedRuns' | 'updatedRuns'>, before: RowsBefore): void {
    const byRun = indexesBy(this.#events, ({ kind, dagRunId }) => (kind.startsWith('run.') ? dagRunId : null))
    const fixed = (run: RunRecord) => {
      const { state: _s, queuedAt: _q, startDate: _b, endDate: _e, note: _n, ...own } = run
      return own
    }
    const tell = (run: RunRecord, known: RunRecord | undefined) => {
      let row = known
      for (const i of byRun.get(run.id) ?? []) {
        const event = this.#events[i]!
        if (row !== undefined) row = stepRun(row, event)
        else if (event.kind === 'run.queued') {
          // What never changes is told where the run begins.
          row = newRun(event)
          const born = differenceOf<object>(fixed(row), fixed(run))
          if (born !== null) this.#dataOf(i).run = born
          row = { ...row, ...born }
        }
      }
      const own = { kind: 'run.updated', dagRunId: run.id, dagId: run.dagId }
      const last = () => byRun.get(run.id)?.at(-1) ?? this.#own(byRun, run.id, own)
      const different = differenceOf(row ?? newRun(this.#events[last()]!), run)
      if (different === null) return
      const data = this.#dataOf(last())
      data.run = { ...data.run, ...different }
    }
    for (const run of insertedRuns) tell(run, undefined)
    for (const run of updatedRuns) tell(run, before.run(run.id, run.dagId))
  }

  #tellDags(dags: readonly DagRecord[], before: RowsBefore): void {
    const byDag = indexesBy(this.#events, ({ kind, dagId }) => (/^(dag|run)\./.test(kind) ? dagId : null))
    for (const dag of dags) {
      const known = before.dag(dag.dagId)
      if (known === dag) continue
      let row = known
      for (const i of byDag.get(dag.dagId) ?? []) {
        const event = this.#events[i]!
        if (row === undefined && event.kind === 'dag.added') row = newDag(event)
        row = row === undefined || event.kind === 'dag.deleted' ? undefined : stepDag(row, event)
      }
      if (row !== undefined && differenceOf(row, dag) === null) continue
      const i = byDag.get(dag.dagId)?.at(-1) ?? this.#own(byDag, dag.dagId, { kind: 'dag.updated', dagId: dag.dagId })
      const different = differenceOf(row ?? stepDag(newDag(this.#events[i]!), this.#events[i]!), dag)
      if (different !== null) this.#dataOf(i).dag = different
    }
  }

  #lastEvents(byTi: Map<number, number[]>): LastEvents {
    const told = (i: number) => ({ event: this.#events[i]!, data: this.#dataOf(i) })
    return {
      ofTi: (tiId, dagRunId, tryNumber) => {
        const known = byTi.get(tiId) ?? []
        const found = known.findLast((one) => tryNumber === null || this.#events[one]!.tryNumber === tryNumber)
        return told(found ?? this.#own(byTi, tiId, { kind: 'ti.updated', dagRunId, tiId, tryNumber }))
      },
      named: (beginning, name) => {
        const found = this.#events.findLastIndex(
          ({ kind, cause }) =>
            kind.startsWith(beginning) && (cause === name || cause?.startsWith(`${name}: `) === true),
        )
        if (found >= 0) return told(found)
        return told(this.#own(byTi, null, { kind: `${beginning}.updated`, cause: name }))
      },
      own: (kind) => told(this.#own(byTi, null, { kind })),
    }
  }

  /** An event for a row that changed without one. */
  #own<Key>(index: Map<Key, number[]>, key: Key | null, fields: Omit<EventFields, 'actor'>): number {
    const dagId = fields.dagRunId === undefined || fields.dagRunId === null ? null : this.#dagOf(fields.dagRunId)
    this.add({ dagId, ...fields, actor: 'scheduler' })
    const i = this.#events.length - 1
    if (key !== null) index.set(key, [...(index.get(key) ?? []), i])
    return i
  }
}

/** For each key the places of its events, in order. */
function indexesBy<Key>(events: readonly EventRecord[], keyOf: (event: EventRecord) => Key | null): Map<Key, number[]> {
  const found = new Map<Key, number[]>()
  events.forEach((event, i) => {
    const key = keyOf(event)
    if (key === null) return
    const list = found.get(key)
    if (list === undefined) found.set(key, [i])
    else list.push(i)
  })
  return found
}
