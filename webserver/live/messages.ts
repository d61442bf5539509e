/** What client and server say to each other over `/api/v2/ws`. `position` is what to send to go on and miss nothing. */
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { EventLine } from '../../core/records.ts'
import { Closed } from '../schemas/shapes.ts'

const Id = Type.String({ minLength: 1, maxLength: 64 })
const Name = Type.String({ minLength: 1, maxLength: 250 })
const Position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const SubscribeEvents = Closed({
  type: Type.Literal('subscribe'),
  id: Id,
  topic: Type.Literal('events'),
  dag_id: Type.Optional(Name),
  dag_run_id: Type.Optional(Position),
  // Beginnings: `run.` for all of runs, `ti.failed` for that alone.
  kinds: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 16 })),
  after: Type.Optional(Position),
})
const SubscribeLog = Closed({
  type: Type.Literal('subscribe'),
  id: Id,
  topic: Type.Literal('log'),
  dag_id: Name,
  dag_run_id: Name,
  task_id: Name,
  try_number: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
  from_byte: Type.Optional(Position),
})
const Unsubscribe = Closed({ type: Type.Literal('unsubscribe'), id: Id })

export type EventsRequest = Type.Static<typeof SubscribeEvents>
export type LogRequest = Type.Static<typeof SubscribeLog>
export type ClientMessage = EventsRequest | LogRequest | Type.Static<typeof Unsubscribe>

const check = Compile(Type.Union([SubscribeEvents, SubscribeLog, Unsubscribe]))

/** `null`: not one of ours. */
export function readMessage(text: string): ClientMessage | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  return check.Check(parsed) ? parsed : null
}

export type ServerMessage =
  | { readonly type: 'events'; readonly id: string; readonly events: readonly LiveEvent[]; readonly position: number }
  | {
      readonly type: 'log'
      readonly id: string
      readonly lines: readonly unknown[]
      readonly position: number
      /** The try is over and this was its last line. */
      readonly ended: boolean
    }
  | { readonly type: 'error'; readonly id: string | null; readonly message: string }

interface LiveEvent {
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly kind: string
  readonly dag_id: string | null
  readonly dag_run_id: number | null
  readonly ti_id: number | null
  readonly try_number: number | null
  readonly actor: string
  readonly cause: string | null
}

export function toLiveEvent(event: EventLine): LiveEvent {
  return {
    id: event.id,
    at: event.at,
    kind: event.kind,
    dag_id: event.dagId,
    dag_run_id: event.dagRunId,
    ti_id: event.tiId,
    try_number: event.tryNumber,
    actor: event.actor,
    cause: event.cause,
  }
}
