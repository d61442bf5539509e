/**
 * How anybody but the leader changes runs: put a command into the inbox, wait for the answer. Invariants: ids rise in the
 * order of the commits (an advisory lock around the insert), so the leader's cursor misses none; the same idempotency
 * key gives the same command; without a live leader nothing is put there.
 *
 * Indexes: `command` by id and by idempotency key. Locks: the advisory one, for the time of one insert.
 */
import type pg from 'pg'
import type { CommandAnswer, CommandRequest } from '../core/records.ts'
import { waitForAnswer } from './answers.ts'
import { COMMAND_CHANNEL } from './store/commit-statement.ts'

export interface SubmitOptions {
  /** `user:anna`, `task:<dag>/<run>/<task>`, ... */
  readonly actor: string
  readonly idempotencyKey?: string
  /** Epoch milliseconds; taken later, it is refused. */
  readonly notAfter?: number
  /** How long to wait for the answer. */
  readonly timeoutMs: number
}

export type SubmitResult =
  | {
      readonly status: 'answered'
      readonly answer: CommandAnswer
      readonly commandId: number
      /** Reads that show at least this event show the command's effect. */
      readonly lastEventId: number
    }
  /** In the inbox; it will be taken. */
  | { readonly status: 'pending'; readonly commandId: number }
  /** No scheduler leads; nothing was put into the inbox. */
  | { readonly status: 'no-leader' }
  /** More than 10,000 commands wait; nothing was put into the inbox. */
  | { readonly status: 'full' }

/** Any fixed number; "inbox" in ASCII. */
const LOCK = 0x696e626f78
const MOST_OPEN = 10_000

export async function submitCommand(
  pool: pg.Pool,
  request: CommandRequest,
  options: SubmitOptions,
): Promise<SubmitResult> {
  const inserted = await insertCommand(pool, request, options)
  const commandId = typeof inserted === 'number' ? inserted : await earlierCommand(pool, options.idempotencyKey)
  if (commandId === null) return { status: inserted === 'full' ? 'full' : 'no-leader' }
  const found = await waitForAnswer(pool, commandId, options.timeoutMs)
  return found === null ? { status: 'pending', commandId } : { status: 'answered', commandId, ...found }
}

async function insertCommand(
  pool: pg.Pool,
  request: CommandRequest,
  { actor, idempotencyKey, notAfter }: SubmitOptions,
): Promise<number | 'no-leader' | 'full' | 'known'> {
  const result = await pool.query<{ is_led: boolean; is_full: boolean; id: number | null }>({
    name: 'submit_command',
    text: `with inbox as materialized (
        select exists (select from lease where name = 'scheduler' and expires_at > clock_timestamp()) as is_led,
          (select count(*) from (select from command where answer is null limit ${MOST_OPEN}) as open) >= ${MOST_OPEN}
            as is_full
      ), locked as materialized (
        select pg_advisory_xact_lock(${LOCK}) from inbox where is_led and not is_full
      ), inserted as (
        insert into command (request, actor, created_at, idempotency_key, not_after)
        select $1, $2, clock_timestamp(), $3, to_timestamp($4::double precision / 1000) from locked
        on conflict (idempotency_key) do nothing
        returning id
      )
      select is_led, is_full, (select id from inserted) as id,
        (select pg_notify('${COMMAND_CHANNEL}', id::text) from inserted) as hint
      from inbox`,
    values: [JSON.stringify(request), actor, idempotencyKey ?? null, notAfter ?? null],
  })
  const row = result.rows[0]
  if (row?.id != null) return row.id
  if (row?.is_full) return 'full'
  return row?.is_led ? 'known' : 'no-leader'
}

async function earlierCommand(pool: pg.Pool, idempotencyKey: string | undefined): Promise<number | null> {
  if (idempotencyKey === undefined) return null
  const result = await pool.query<{ id: number }>('select id from command where idempotency_key = $1', [idempotencyKey])
  return result.rows[0]?.id ?? null
}
