/**
 * The statement of a tick: one prepared statement with one CTE for each kind of row the tick has, one round trip, its own
 * transaction.
 *
 * - `held` locks the lease row FOR SHARE where the epoch is ours; every write joins it. A new leader's bump of the epoch
 *   waits for this lock or, if it came first, leaves `held` empty: fenced, nothing written.
 * - Should any section have written another number of rows than it was sent, the statement fails and nothing is written.
 * - NOTIFY with the last event id (and the commands answered) is part of it, so it arrives with the commit.
 *
 * Ticks differ in what they have, so there is a statement for each combination, a few dozen in practice, each prepared
 * once. Index and locks: see the sections. Plans are kept from turning to sequential scans by `leaderSettings`.
 */
import type { TickWrites } from '../../core/ports/store.ts'
import { deleteSections, eraseSections } from './delete-sections.ts'
import { hotSections } from './hot-sections.ts'
import { rareSections } from './rare-sections.ts'
import { sagaSections } from './saga-sections.ts'
import { valueSections } from './value-sections.ts'
import type { WriteSection } from './write-section.ts'

/** The last event id of every tick goes here. */
export const EVENT_CHANNEL = 'tradewind_event'
/** Ids of answered commands, separated by commas, or `*`: look for yourself. */
export const ANSWER_CHANNEL = 'tradewind_answer'
/** Somebody inserted a command. */
export const COMMAND_CHANNEL = 'tradewind_command'

/** In the error of a statement that wrote a wrong number of rows; no user can put it into SQLSTATE 22P02. */
export const WRONG_COUNT = 'tradewind: rows written '

/** Longest NOTIFY payload is 8,000 bytes. */
const PAYLOAD_LIMIT = 7_000
/** Combinations beyond these are sent without preparing them. */
const PREPARED_LIMIT = 200

/**
 * For the leader's session. Its statements touch rows by key only; a generic plan made while a table was small must not
 * scan it once it has grown (0.4 ms became 69 ms at 310,000 rows), so scans and hash joins are out of the question and the
 * generic plan is right from the first time.
 */
export const leaderSettings =
  'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; ' +
  'set enable_mergejoin = off; set enable_bitmapscan = off; set jit = off; ' +
  "set idle_in_transaction_session_timeout = '10s'; set statement_timeout = '60s'"

const sections: readonly WriteSection[] = [
  ...hotSections,
  ...deleteSections,
  ...eraseSections,
  ...valueSections,
  ...rareSections,
  ...sagaSections,
]

export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: (string | number | null)[]
}

export class CommitStatements {
  readonly #known = new Map<string, { readonly name: string; readonly text: string }>()

  /** `null` when there is nothing to write. */
  statement(epoch: number, writes: TickWrites): Statement | null {
    const present = sections.filter((section) => section.count(writes) > 0)
    if (present.length === 0) return null
    const expected = present.filter((section) => !section.lenient).map((section) => section.count(writes))
    const values: Statement['values'] = [
      epoch,
      `{${expected.join(',')}}`,
      String(writes.events.at(-1)?.id ?? ''),
      answeredIds(writes),
    ]
    for (const section of present) values.push(...section.parameters(writes))
    const key = present.map((section) => section.name).join(' ')
    const known = this.#known.get(key)
    if (known !== undefined) return { ...known, values }
    const text = statementText(present)
    if (this.#known.size >= PREPARED_LIMIT) return { name: '', text, values }
    const statement = { name: `commit_${this.#known.size + 1}`, text }
    this.#known.set(key, statement)
    return { ...statement, values }
  }
}

function statementText(present: readonly WriteSection[]): string {
  const names = new Set(present.map((section) => section.name))
  let parameter = 5
  const parts = present.map((section) => {
    const sql = section.sql(parameter, names)
    parameter += section.width
    return sql
  })
  const counts = present
    .filter((section) => !section.lenient)
    .map(({ name }) => `(select count(*) from ${name})::integer`)
  return `with held as materialized (
  select 1 from lease where name = 'scheduler' and epoch = $1::bigint for share
),
${parts.join(',\n')},
written as materialized (select array[${counts.join(', ')}]::integer[] as counts)
select case
    when not exists (select from held) then 'fenced'
    when written.counts = $2::integer[] then 'committed'
    else ('${WRONG_COUNT}' || written.counts::text || ' instead of ' || $2::text)::integer::text
  end as status,
  (select pg_notify('${EVENT_CHANNEL}', $3::text) from held where $3::text <> '') as event_hint,
  (select pg_notify('${ANSWER_CHANNEL}', $4::text) from held where $4::text <> '') as answer_hint
from written`
}

function answeredIds(writes: TickWrites): string {
  const ids = writes.answers.map((row) => row.commandId).join(',')
  return ids.length > PAYLOAD_LIMIT ? '*' : ids
}
