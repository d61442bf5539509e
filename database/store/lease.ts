/**
 * The lease of the leading scheduler: one row, the database's clock. Invariants: the epoch only rises; while the lease
 * is live only its holder may take it again; the old leader's connection is ended before the epoch is raised, and the
 * raising waits for what is in flight there.
 */
import type pg from 'pg'
import type { Term } from '../../core/ports/store.ts'

/** How long a lease lasts without renewal. */
export const LEASE_SECONDS = 3
/** Longest wait for the old leader's backend to be gone. */
const TERMINATION_MS = 2_000

interface LeaseRow {
  readonly epoch: number
  readonly backend_pid: number | null
  readonly is_free: boolean
}

/**
 * Takes the lease for the connection `leader`, whose commits it will fence; `token` names the Store across connections.
 * `null` while another holds it. Index: `lease` by name. Locks: the row, for the time of one update.
 */
export async function acquireLease(leader: pg.ClientBase, host: string, token: string): Promise<Term | null> {
  const found = await leader.query<LeaseRow>(
    `select epoch, backend_pid, (expires_at <= clock_timestamp() or token is not distinct from $1) as is_free
     from lease where name = 'scheduler'`,
    [token],
  )
  const lease = found.rows[0]
  if (!lease) throw new Error('The lease row is missing from the database; run `tradewind db migrate`.')
  if (!lease.is_free) return null
  await endOldBackend(leader, lease.epoch)
  const taken = await leader.query<{ epoch: number; expires_at: number }>(
    `update lease set epoch = epoch + 1, holder = $1, token = $2, renewed_at = clock_timestamp(),
       expires_at = clock_timestamp() + interval '${LEASE_SECONDS} s',
       backend_pid = pg_backend_pid(),
       backend_start = (select backend_start from pg_stat_activity where pid = pg_backend_pid())
     where name = 'scheduler' and epoch = $3
       and (expires_at <= clock_timestamp() or token is not distinct from $2)
     returning epoch, expires_at`,
    [host, token, lease.epoch],
  )
  const row = taken.rows[0]
  return row ? { epoch: row.epoch, expiresAt: row.expires_at } : null
}

/**
 * Known by pid and start, so that a reused pid is left alone. Where we may not end it (another role's) the row lock still
 * fences it.
 */
async function endOldBackend(leader: pg.ClientBase, epoch: number): Promise<void> {
  await leader
    .query(
      `select pg_terminate_backend(a.pid, ${TERMINATION_MS})
       from lease l join pg_stat_activity a on a.pid = l.backend_pid and a.backend_start = l.backend_start
       where l.name = 'scheduler' and l.epoch = $1 and a.pid <> pg_backend_pid()`,
      [epoch],
    )
    .catch((error: { code?: string }) => {
      if (error.code !== '42501') throw error
    })
}

/**
 * After a reconnect: notes the new backend, which a new leader has to end. `false`: the epoch is not ours any more.
 */
export async function registerBackend(leader: pg.ClientBase, epoch: number, token: string): Promise<boolean> {
  const noted = await leader.query(
    `update lease set backend_pid = pg_backend_pid(),
       backend_start = (select backend_start from pg_stat_activity where pid = pg_backend_pid())
     where name = 'scheduler' and epoch = $1 and token = $2`,
    [epoch, token],
  )
  return noted.rowCount === 1
}

/** `false`: lost, or given up. An expired lease that nobody took is still ours. */
export async function renewLease(client: pg.ClientBase, epoch: number, token: string): Promise<boolean> {
  const renewed = await client.query(
    `update lease set renewed_at = clock_timestamp(), expires_at = clock_timestamp() + interval '${LEASE_SECONDS} s'
     where name = 'scheduler' and epoch = $1 and token = $2`,
    [epoch, token],
  )
  return renewed.rowCount === 1
}

/** After this anybody may take it. */
export async function releaseLease(client: pg.ClientBase, epoch: number, token: string): Promise<void> {
  await client.query(
    `update lease set expires_at = clock_timestamp(), holder = null, token = null
     where name = 'scheduler' and epoch = $1 and token = $2`,
    [epoch, token],
  )
}
