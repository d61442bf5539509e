/**
 * Pages of the history, newest or oldest first, with filters. Invariant: of a run by its index; over everything a bounded
 * span of ids is read, so a page stays quick with millions of events and may be short: it says where to go on.
 *
 * Indexes: `event (dag_run_id, id)`; else the partition, then BRIN within it. Locks: none.
 */
import type pg from 'pg'
import type { EventLine } from '../../core/records.ts'
import { EVENT_COLUMNS } from './events.ts'

export interface ShownEvent extends EventLine {
  /** Names, while the run and the TI are there. */
  readonly runId: string | null
  readonly taskId: string | null
  readonly mapIndex: number | null
}

export interface EventPageFilter {
  readonly dagId?: string
  readonly dagRunId?: number
  readonly tiId?: number
  readonly tryNumber?: number
  /** `ti.failed`, or `run.` for all of runs. */
  readonly kinds?: readonly string[]
  readonly actor?: string
  /** Instants, both inclusive. */
  readonly from?: number
  readonly to?: number
  readonly falling: boolean
  /** From beyond this id on. */
  readonly cursor?: number
  readonly limit: number
}

/** Ids read in one round over everything, and rounds for one page. */
const SPAN = 5_000
const ROUNDS = 12

export async function pageEvents(
  pool: pg.Pool,
  page: EventPageFilter,
): Promise<{ events: readonly ShownEvent[]; next: number | null }> {
  if (page.dagRunId !== undefined) {
    const events = await readEvents(pool, page, page.cursor ?? null, null, page.limit)
    return { events, next: events.length < page.limit ? null : (events.at(-1)?.id ?? null) }
  }
  const last = await lastEventId(pool)
  const found: ShownEvent[] = []
  let at = page.cursor ?? (page.falling ? last + 1 : 0)
  for (let round = 0; round < ROUNDS; round++) {
    if (page.falling ? at <= 1 : at >= last) return { events: found, next: null }
    const end = page.falling ? Math.max(0, at - SPAN - 1) : at + SPAN + 1
    const events = await readEvents(pool, page, at, end, page.limit - found.length)
    found.push(...events)
    if (found.length >= page.limit) return { events: found, next: found.at(-1)?.id ?? null }
    at = page.falling ? end + 1 : end - 1
  }
  return { events: found, next: at }
}

/** Beyond `after` and before `end`, both exclusive. */
async function readEvents(
  pool: pg.Pool,
  page: EventPageFilter,
  after: number | null,
  end: number | null,
  limit: number,
): Promise<readonly ShownEvent[]> {
  const values: unknown[] = []
  const value = (one: unknown) => `$${values.push(one)}`
  const where: string[] = []
  const [beyond, before] = page.falling ? ['<', '>'] : ['>', '<']
  if (after !== null) where.push(`e.id ${beyond} ${value(after)}`)
  if (end !== null) where.push(`e.id ${before} ${value(end)}`)
  if (page.dagRunId !== undefined) where.push(`e.dag_run_id = ${value(page.dagRunId)}`)
  if (page.dagId !== undefined) where.push(`e.dag_id = ${value(page.dagId)}`)
  if (page.tiId !== undefined) where.push(`e.ti_id = ${value(page.tiId)}`)
  if (page.tryNumber !== undefined) where.push(`e.try_number = ${value(page.tryNumber)}`)
  if (page.actor !== undefined) where.push(`e.actor = ${value(page.actor)}`)
  if (page.from !== undefined) where.push(`e.at >= ${value(new Date(page.from).toISOString())}`)
  if (page.to !== undefined) where.push(`e.at <= ${value(new Date(page.to).toISOString())}`)
  if (page.kinds !== undefined) {
    const kinds = page.kinds.map((kind) =>
      kind.endsWith('.') ? `starts_with(e.kind, ${value(kind)})` : `e.kind = ${value(kind)}`,
    )
    where.push(`(${kinds.join(' or ') || 'false'})`)
  }
  const result = await pool.query<ShownEvent>(
    `select ${EVENT_COLUMNS}, r.run_id as "runId", ti.task_id as "taskId", ti.map_index as "mapIndex"
     from (
       select * from event e where ${where.join(' and ') || 'true'}
       order by e.id ${page.falling ? 'desc' : 'asc'} limit ${value(limit)}
     ) as e
     left join lateral (select run_id from dag_run where id = e.dag_run_id) as r on true
     left join lateral (select task_id, map_index from task_instance where id = e.ti_id) as ti on true
     order by e.id ${page.falling ? 'desc' : 'asc'}`,
    values,
  )
  return result.rows
}

/** By id. */
export async function getEvent(pool: pg.Pool, id: number): Promise<ShownEvent | null> {
  const page = { falling: false, limit: 1 }
  const [event] = await readEvents(pool, page, id - 1, id + 1, 1)
  return event ?? null
}

/** Blocks at the end of a partition that are looked at first. */
const LAST_BLOCKS = 8

/**
 * Highest id, 0 without events. Events are written in the order of their ids and never changed, so the highest one is in
 * the last blocks of the newest partition that has any.
 */
export async function lastEventId(pool: pg.Pool): Promise<number> {
  const partitions = await pool.query<{ name: string; blocks: number }>(
    `select c.relname as name, pg_relation_size(c.oid) / current_setting('block_size')::integer as blocks
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event'::regclass and pg_relation_size(c.oid) > 0
     order by substring(c.relname from '[0-9]+$')::bigint desc`,
  )
  for (const { name, blocks } of partitions.rows) {
    for (let count = LAST_BLOCKS; ; count *= 8) {
      const from = Math.max(0, blocks - count)
      const found = await pool.query<{ id: number | null }>(
        `select max(id) as id from ${name} where ctid >= '(${from},0)'::tid`,
      )
      const id = found.rows[0]?.id ?? null
      if (id !== null) return id
      if (from === 0) break
    }
  }
  return 0
}
