/**
 * Pages of DagRuns with filters. By id a page goes on from where the last one ended, through an index, however many rows
 * there are; other orders are for one Dag's runs. Counting stops at a limit.
 *
 * Indexes: `dag_run` by id, (dag_id, id), (dag_id, logical_date), (correlation_id, id); unfinished states through `open_run`.
 * Locks: none.
 */
import type { Knex } from 'knex'
import type pg from 'pg'
import { FINISHED_RUN_STATES, type RunState, type RunType } from '../../core/states.ts'
import { sqlBuilder } from '../sql-builder.ts'
import { runBuilt } from './run-built.ts'
import { type RunListItem, runQuery } from './runs.ts'

export const RUN_DATES = ['logicalDate', 'runAfter', 'startDate', 'endDate', 'queuedAt'] as const
export type RunDate = (typeof RUN_DATES)[number]

const COLUMN: Readonly<Record<RunOrder, string>> = {
  id: 'r.id',
  runId: 'r.run_id',
  state: 'r.state',
  logicalDate: 'r.logical_date',
  runAfter: 'r.run_after',
  startDate: 'r.start_date',
  endDate: 'r.end_date',
  queuedAt: 'r.queued_at',
}

export type RunOrder = 'id' | 'runId' | 'state' | RunDate

export interface RunPageFilter {
  readonly dagId?: string
  readonly states?: readonly RunState[]
  readonly types?: readonly RunType[]
  /** Part of the run id. */
  readonly runIdContains?: string
  /** Exactly. */
  readonly correlationId?: string
  /** Both inclusive. */
  readonly dates?: Partial<Record<RunDate, { readonly from?: number; readonly to?: number }>>
}

export interface RunPage extends RunPageFilter {
  readonly order: RunOrder
  readonly falling: boolean
  /** Only with order `id`: from beyond this id on. */
  readonly cursor?: number
  readonly offset: number
  readonly limit: number
}

/** Counting goes no further. */
export const COUNT_LIMIT = 10_000

export async function pageRuns(pool: pg.Pool, page: RunPage): Promise<readonly RunListItem[]> {
  const query = filtered(runQuery(), page).limit(page.limit).offset(page.offset)
  const direction = page.falling ? 'desc' : 'asc'
  query.orderBy(COLUMN[page.order], direction, page.order === 'id' ? undefined : 'last')
  if (page.order !== 'id') query.orderBy('r.id', direction)
  if (page.cursor !== undefined) query.where('r.id', page.falling ? '<' : '>', page.cursor)
  return runBuilt<RunListItem>(pool, query)
}

/** At most `COUNT_LIMIT`. */
export async function countRuns(pool: pg.Pool, filter: RunPageFilter): Promise<number> {
  const rows = filtered(sqlBuilder('dag_run as r').select(sqlBuilder.raw('1')), filter).limit(COUNT_LIMIT)
  const [row] = await runBuilt<{ count: number }>(pool, sqlBuilder.count('* as count').from(rows.as('counted')))
  return row?.count ?? 0
}

function filtered(query: Knex.QueryBuilder, filter: RunPageFilter): Knex.QueryBuilder {
  const { dagId, states, types, runIdContains, correlationId, dates } = filter
  if (dagId !== undefined) query.where('r.dag_id', dagId)
  if (states !== undefined) {
    query.whereIn('r.state', [...states])
    if (states.length > 0 && states.every((state) => !FINISHED_RUN_STATES.has(state))) {
      query.join('open_run as o', 'o.dag_run_id', 'r.id')
    }
  }
  if (types !== undefined) query.whereIn('r.run_type', [...types])
  if (runIdContains !== undefined) query.whereRaw('position(? in r.run_id) > 0', [runIdContains])
  if (correlationId !== undefined) query.where('r.correlation_id', correlationId)
  for (const date of RUN_DATES) {
    const { from, to } = dates?.[date] ?? {}
    if (from !== undefined) query.where(COLUMN[date], '>=', new Date(from).toISOString())
    if (to !== undefined) query.where(COLUMN[date], '<=', new Date(to).toISOString())
  }
  return query
}
