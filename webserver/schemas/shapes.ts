/** Pieces that schemas of all resources are made of. Field names are Airflow's. */
import { type TProperties, type TSchema, Type } from 'typebox'

/** Closed: a field that is not named is refused, or in an answer, a mistake of ours. */
export const Closed = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false })

export const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** ISO 8601, UTC. */
export const Instant = Type.String({ format: 'date-time' })
export const MaybeInstant = Nullable(Instant)
export const MaybeText = Nullable(Type.String())

export const ErrorBody = Type.Object({
  detail: Type.Union([
    Type.String(),
    Type.Array(Type.Object({ type: Type.String(), loc: Type.Array(Type.String()), msg: Type.String() })),
  ]),
})

/** The command waits in the inbox; `GET /api/v2/commands/{command_id}` has its answer. */
export const PendingCommand = Type.Object({ detail: Type.String(), command_id: Type.Integer() })

/** Answers of a route that reads. */
export const answers = <Schema extends TSchema>(ok: Schema) => ({ 200: ok, '4xx': ErrorBody, '5xx': ErrorBody })

/** Answers of a route that sends a command. */
export const commandAnswers = <Schema extends TSchema>(ok: Schema) => ({
  200: ok,
  202: PendingCommand,
  '4xx': ErrorBody,
  '5xx': ErrorBody,
})

/** Answers of a route that sends a command to make something, or to take it away. */
export const createdAnswers = <Schema extends TSchema>(created: Schema) => ({
  201: created,
  202: PendingCommand,
  '4xx': ErrorBody,
  '5xx': ErrorBody,
})
export const deletedAnswers = { 204: Type.Null(), 202: PendingCommand, '4xx': ErrorBody, '5xx': ErrorBody }

export const DagPath = Closed({ dag_id: Type.String({ maxLength: 250 }) })
export const RunPath = Closed({ dag_id: Type.String({ maxLength: 250 }), dag_run_id: Type.String({ maxLength: 250 }) })
export const TiPath = Closed({
  dag_id: Type.String({ maxLength: 250 }),
  dag_run_id: Type.String({ maxLength: 250 }),
  task_id: Type.String({ maxLength: 250 }),
})

export const MAX_LIMIT = 1_000

/** `limit`, `offset`. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_LIMIT, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 })),
}
export const orderBy = Type.Optional(Type.String({ maxLength: 100, description: 'A field, or -field for falling.' }))
/** What `next_cursor` of the page before said. */
export const cursor = Type.Optional(Type.String({ maxLength: 100, pattern: '^[0-9]{1,16}(:[0-9]{1,16})?$' }))
/** One or many: `?state=failed&state=running`. */
export const several = (item: TSchema = Type.String({ maxLength: 250 })) =>
  Type.Optional(Type.Array(item, { maxItems: 100 }))
export const instantQuery = Type.Optional(Type.String({ format: 'date-time', maxLength: 40 }))

/** How what was cleared runs again. */
export const AFTER_CLEAR = {
  new_idempotency_keys: Type.Optional(
    Type.Boolean({ default: false, description: 'What was done before is to be done again: keys of effects are new.' }),
  ),
  run_on_latest_version: Type.Optional(
    Type.Boolean({ default: false, description: 'The run goes on with the newest version of its Dag.' }),
  ),
}

export function afterClear(body: {
  readonly new_idempotency_keys?: boolean
  readonly run_on_latest_version?: boolean
}) {
  return {
    ...(body.new_idempotency_keys === true ? { newKeys: true } : {}),
    ...(body.run_on_latest_version === true ? { newest: true } : {}),
  }
}
