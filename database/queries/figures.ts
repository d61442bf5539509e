/**
 * Figures for monitoring, cheap at any length of history. Indexes: primary keys of small tables; `dead_letter (status, ...)` for
 * letters that are open. Locks: none.
 */
import type pg from 'pg'

export interface PlatformFigures {
  readonly isLed: boolean
  readonly isDraining: boolean
  /** Units in use by live executions, by pool name. */
  readonly poolUse: ReadonlyMap<string, number>
  readonly executions: number
  readonly openCommands: number
  readonly importErrors: number
  /** Counting stops at 100,000. */
  readonly openTaskLetters: number
  readonly openCompensationLetters: number
  readonly dags: number
  readonly pausedDags: number
  /** How late the most overdue Dag is, in milliseconds; 0 when none is. */
  readonly scheduleLagMs: number
}

const MOST_COUNTED = 100_000

export async function readFigures(pool: pg.Pool): Promise<PlatformFigures> {
  const [active, letters, numbers] = await Promise.all([
    pool.query<{ units: string }>('select units from active'),
    pool.query<Pick<PlatformFigures, 'openTaskLetters' | 'openCompensationLetters'>>(
      `select count(*) filter (where kind = 'task') as "openTaskLetters",
         count(*) filter (where kind = 'compensation') as "openCompensationLetters"
       from (select kind from dead_letter where status = 'open' limit ${MOST_COUNTED}) as open`,
    ),
    pool.query<Omit<PlatformFigures, 'poolUse' | 'executions' | 'openTaskLetters' | 'openCompensationLetters'>>(
      `select
         exists (select from lease where name = 'scheduler' and expires_at > clock_timestamp()) as "isLed",
         coalesce((select draining from platform_state), false) as "isDraining",
         (select count(*) from command where answer is null) as "openCommands",
         (select count(*) from import_error) as "importErrors",
         (select count(*) from dag where is_active) as dags,
         (select count(*) from dag where is_active and is_paused) as "pausedDags",
         coalesce((select greatest(0, round(extract(epoch from clock_timestamp() - min(next_run_after)) * 1000))
           from dag where is_active and not is_paused), 0) as "scheduleLagMs"`,
    ),
  ])
  const poolUse = new Map<string, number>()
  for (const { units } of active.rows) {
    for (const [limit, count] of JSON.parse(units) as [string, number][]) {
      if (!limit.startsWith('pool:')) continue
      const name = limit.slice('pool:'.length)
      poolUse.set(name, (poolUse.get(name) ?? 0) + count)
    }
  }
  return { ...numbers.rows[0]!, ...letters.rows[0]!, poolUse, executions: active.rows.length }
}
