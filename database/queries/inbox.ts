/** One command for whoever sent it, and whether the platform drains. Index: primary keys. Locks: none. */
import type pg from 'pg'
import type { CommandAnswer, CommandRequest } from '../../core/records.ts'

export interface CommandRow {
  readonly id: number
  readonly kind: CommandRequest['kind']
  readonly actor: string
  readonly createdAt: number
  readonly answeredAt: number | null
  readonly answer: CommandAnswer | null
  readonly lastEventId: number | null
}

export async function getCommand(pool: pg.Pool, id: number): Promise<CommandRow | null> {
  const result = await pool.query<Omit<CommandRow, 'kind' | 'answer'> & { request: string; answer: string | null }>(
    `select id, request, actor, created_at as "createdAt", answered_at as "answeredAt", answer,
       last_event_id as "lastEventId" from command where id = $1`,
    [id],
  )
  const row = result.rows[0]
  if (row === undefined) return null
  const { request, answer, ...rest } = row
  return {
    ...rest,
    kind: (JSON.parse(request) as CommandRequest).kind,
    answer: answer === null ? null : (JSON.parse(answer) as CommandAnswer),
  }
}

/** No new tries anywhere until `resume`. */
export async function isDraining(pool: pg.Pool): Promise<boolean> {
  const result = await pool.query<{ draining: boolean }>('select draining from platform_state')
  return result.rows[0]?.draining === true
}

/** Units of pools held by live executions, by pool. */
export async function poolUse(pool: pg.Pool): Promise<ReadonlyMap<string, { running: number; queued: number }>> {
  const result = await pool.query<{ units: string; state: string }>(
    `select a.units, t.state from active a join try t on t.ti_id = a.ti_id and t.try_number = a.try_number`,
  )
  const use = new Map<string, { running: number; queued: number }>()
  for (const { units, state } of result.rows) {
    for (const [limit, count] of JSON.parse(units) as readonly [string, number][]) {
      if (!limit.startsWith('pool:')) continue
      const name = limit.slice('pool:'.length)
      const known = use.get(name) ?? { running: 0, queued: 0 }
      if (state === 'running') known.running += count
      else known.queued += count
      use.set(name, known)
    }
  }
  return use
}
