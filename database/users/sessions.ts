/**
 * Sessions of the page. Only a hash of what the cookie holds is stored. Invariants: a session ends when it was idle too
 * long, at its last day whatever happens, and at once when its user is disabled or changed; the role is the user's of now.
 *
 * Indexes: `session` by id_hash, by user_name; `app_user` by name. Locks: the row, once a minute.
 */
import type pg from 'pg'
import { randomSecret, secretHash } from './passwords.ts'
import type { Role } from './roles.ts'

export interface SessionLimits {
  readonly idleMs: number
  readonly longestMs: number
}

export interface Session {
  readonly idHash: string
  readonly name: string
  readonly role: Role
  readonly expiresAt: number
}

const SEEN_EVERY_SECONDS = 60

/** Returns what the cookie holds. */
export async function startSession(pool: pg.Pool, userName: string, limits: SessionLimits): Promise<string> {
  const secret = randomSecret()
  await pool.query(
    `insert into session (id_hash, user_name, created_at, seen_at, expires_at)
     values ($1, $2, now(), now(), now() + $3 * interval '1 ms')`,
    [secretHash(secret), userName, limits.longestMs],
  )
  return secret
}

/** `touch`: using it keeps it alive. `null`: unknown or over. */
export async function readSession(
  pool: pg.Pool,
  idHash: string,
  limits: SessionLimits,
  touch = true,
): Promise<Session | null> {
  const { rows } = await pool.query<Session & { isStale: boolean }>({
    name: 'read_session',
    text: `select s.id_hash as "idHash", u.name, u.role, s.expires_at as "expiresAt",
             s.seen_at < now() - interval '${SEEN_EVERY_SECONDS} s' as "isStale"
           from session s join app_user u on u.name = s.user_name and not u.is_disabled
           where s.id_hash = $1 and s.expires_at > now() and s.seen_at > now() - $2 * interval '1 ms'`,
    values: [idHash, limits.idleMs],
  })
  const row = rows[0]
  if (row === undefined) return null
  const { isStale, ...session } = row
  if (isStale && touch) await pool.query('update session set seen_at = now() where id_hash = $1', [idHash])
  return session
}

export async function endSession(pool: pg.Pool, idHash: string): Promise<void> {
  await pool.query('delete from session where id_hash = $1', [idHash])
}
