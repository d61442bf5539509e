/**
 * What an event says beside its words: whatever a reader could not work out of its kind, time, try, actor and cause
 * (`steps.ts`). Invariant: small, and `null` for most; a TI that succeeds in its first try costs some 25 bytes. Instants in
 * `try` and `span` are milliseconds relative to the event, everywhere else epoch milliseconds.
 */
import type { CauseOfDeath } from '../cause-of-death.ts'
import type { PlatformDefaults } from '../platform-defaults.ts'
import type {
  CompensationRecord,
  DagRecord,
  DeadLetterOutcome,
  DeadLetterRecord,
  EventRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  TiOverrideRecord,
  TiRecord,
  TryRecord,
} from '../records.ts'

/** `[start, end, pid, rest]`, without the nulls at its end. The try has begun with `start` and ended with `end`. */
export type TryFacts = readonly [
  start?: number | null,
  end?: number | null,
  pid?: number | null,
  rest?: Partial<Pick<TryRecord, 'queuedAt' | 'state' | 'host'>> & { readonly cause?: CauseRest },
]

/** A cause of death without its stack, and without a message that the event's own cause says. */
export type CauseRest = Omit<CauseOfDeath, 'message' | 'stack'> & { readonly message?: string }

export interface EventData {
  /** The command in the course of which it happened. */
  command?: number
  /** Of the event's TI and try. */
  try?: TryFacts
  /** Start and end of the TI, where neither its try nor the event's time says them. */
  span?: readonly [start: number | null, end: number | null]
  /** Other fields of the TI that do not follow. */
  ti?: Partial<TiRecord>
  /** Its TIs were made just before: first id, index of its task, and how many. */
  tis?: readonly [firstId: number, firstIndex: number, count: number]
  run?: Partial<RunRecord>
  dag?: Partial<DagRecord>
  compensations?: readonly Omit<CompensationRecord, 'tiId' | 'dagRunId'>[]
  /** Of the event's TI and try. */
  letter?: Omit<DeadLetterRecord, 'tiId' | 'tryNumber' | 'dagRunId' | 'dagId' | 'mapIndex' | 'at'> & {
    readonly mapIndex?: number
  }
  /** What became of letters of the event's TI. */
  letters?: readonly Omit<DeadLetterOutcome, 'tiId' | 'at'>[]
  override?: Omit<TiOverrideRecord, 'tiId' | 'dagRunId'>
  pools?: readonly PoolRecord[]
  importErrors?: readonly ImportErrorRecord[]
  leader?: Leader
  /** Ranges of ids, both ends included, of a piece of a Dag that is being deleted. */
  erased?: { readonly tis: readonly IdRange[]; readonly runs: readonly IdRange[] }
}

export type IdRange = readonly [first: number, last: number]

/** Who leads, and the platform's defaults that count for new TIs. */
export interface Leader {
  readonly host: string
  readonly epoch: number
  readonly defaults: Pick<PlatformDefaults, 'retries' | 'errorStrategy'>
}

/** JSON text; `null` when there is nothing to say. */
export function dataText(data: EventData | undefined): string | null {
  return data === undefined ? null : JSON.stringify(data)
}

/** @throws where it is none of ours. */
export function readData(event: Pick<EventRecord, 'id' | 'data'>): EventData {
  if (event.data === null) return {}
  try {
    return JSON.parse(event.data) as EventData
  } catch {
    throw new Error(`the data of event ${event.id} is not JSON: ${event.data.slice(0, 100)}`)
  }
}

export function rangesOf(ids: Iterable<number>): IdRange[] {
  const ranges: [number, number][] = []
  for (const id of [...ids].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === id - 1) last[1] = id
    else ranges.push([id, id])
  }
  return ranges
}

/** Fields of `actual` that differ; `null` when none does. Of rows whose fields are plain values. */
export function differenceOf<Row extends object>(expected: Row, actual: Row): Partial<Row> | null {
  let found: Partial<Row> | null = null
  for (const key in actual) {
    if (expected[key] === actual[key]) continue
    found ??= {}
    found[key] = actual[key]
  }
  return found
}

/** The try's facts as an event at `at` says them. `expected`: the row as it follows without them. */
export function factsOf(row: TryRecord, expected: TryRecord, event: Pick<EventRecord, 'at' | 'cause'>): TryFacts {
  const { at } = event
  const rest = {
    ...(row.queuedAt === expected.queuedAt ? {} : { queuedAt: row.queuedAt }),
    ...(row.state === expected.state ? {} : { state: row.state }),
    ...(row.host === expected.host ? {} : { host: row.host }),
    ...(row.cause === null ? {} : { cause: causeRest(row.cause, event.cause) }),
  }
  const facts: (TryFacts[number] | null)[] = [
    row.startDate === null ? null : row.startDate - at,
    row.endDate === null ? null : row.endDate - at,
    row.pid,
    Object.keys(rest).length === 0 ? null : rest,
  ]
  while (facts.length > 0 && facts.at(-1) === null) facts.pop()
  return facts as unknown as TryFacts
}

/** `causeText` of a cause ends with its message. */
function causeRest(cause: CauseOfDeath, text: string | null): CauseRest {
  const { message, stack: _, ...rest } = cause
  return text === `${prefixOf(rest)}${message}` ? rest : { ...rest, message }
}

export function causeFrom(rest: CauseRest, text: string | null): CauseOfDeath {
  const { message = text?.slice(prefixOf(rest).length) ?? '', ...others } = rest
  return { ...others, message }
}

function prefixOf({ kind, by }: Pick<CauseOfDeath, 'kind' | 'by'>): string {
  return by === undefined ? `${kind}: ` : `${kind} by ${by}: `
}

/** A one-line text of a cause, for events. */
export function causeText(cause: CauseOfDeath): string {
  return `${prefixOf(cause)}${cause.message}`
}
