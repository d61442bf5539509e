/**
 * API tokens: shown once, stored as a hash. Invariants: a token never may more than its owner does now; one that is
 * revoked, expired or whose owner is disabled is nobody's.
 *
 * Indexes: `api_token` by id and by token_hash. Locks: the row, once a minute.
 */
import type pg from 'pg'
import { randomSecret, secretHash } from './passwords.ts'
import { lesserRole, type Role } from './roles.ts'
import { MACHINE, UserError } from './users.ts'

/** Begins every token, so that scanners for leaked secrets know it. */
const PREFIX = 'tradewind_'
const USED_EVERY_SECONDS = 60

export interface TokenRow {
  readonly id: number
  readonly name: string
  readonly role: Role
  readonly owner: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly lastUsedAt: number | null
}

const columns =
  'id, name, role, owner, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt", ' +
  'last_used_at as "lastUsedAt"'

export interface NewToken {
  readonly name: string
  readonly role: Role
  /** A user, or `cli`. */
  readonly owner: string
  /** `null`: until it is revoked. */
  readonly lifeMs: number | null
}

/** The token itself is in the answer and nowhere else. @throws UserError when there is no such owner. */
export async function createToken(
  pool: pg.Pool,
  { name, role, owner, lifeMs }: NewToken,
): Promise<{ readonly id: number; readonly token: string; readonly expiresAt: number | null }> {
  const token = `${PREFIX}${randomSecret()}`
  const made = await pool.query<{ id: number; expiresAt: number | null }>(
    `insert into api_token (name, token_hash, role, owner, created_at, expires_at)
     select $1, $2, $3, $4, now(), now() + $5::double precision * interval '1 ms'
     where $4 = '${MACHINE}' or exists (select from app_user where name = $4)
     returning id, expires_at as "expiresAt"`,
    [name, secretHash(token), role, owner, lifeMs],
  )
  const row = made.rows[0]
  if (row === undefined) throw new UserError(`There is no user "${owner}"; see \`tradewind users list\`.`)
  return { ...row, token }
}

/** Without the short-lived ones of sign-ins that are over. */
export async function listTokens(pool: pg.Pool): Promise<readonly TokenRow[]> {
  const { rows } = await pool.query<TokenRow>(
    `select ${columns} from api_token where name <> 'sign-in' or (revoked_at is null and expires_at > now()) order by id`,
  )
  return rows
}

/** @throws UserError */
export async function revokeToken(pool: pg.Pool, id: number): Promise<void> {
  const done = await pool.query(
    'update api_token set revoked_at = coalesce(revoked_at, now()) where id = $1 returning id',
    [id],
  )
  if (done.rowCount === 0) throw new UserError(`There is no token ${id}; see \`tradewind tokens list\`.`)
}

/** Who it is; `null` for a token that is unknown, over, revoked, or whose owner is gone or disabled. */
export async function readToken(
  pool: pg.Pool,
  token: string,
): Promise<{ readonly id: number; readonly name: string; readonly role: Role } | null> {
  if (!token.startsWith(PREFIX) || token.length > 100) return null
  const { rows } = await pool.query<{
    id: number
    name: string
    owner: string
    role: Role
    ownerRole: Role | null
    isStale: boolean
  }>({
    name: 'read_token',
    text: `select t.id, t.name, t.owner, t.role, u.role as "ownerRole",
             t.last_used_at is null or t.last_used_at < now() - interval '${USED_EVERY_SECONDS} s' as "isStale"
           from api_token t left join app_user u on u.name = t.owner
           where t.token_hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
             and (t.owner = '${MACHINE}' or not u.is_disabled)`,
    values: [secretHash(token)],
  })
  const row = rows[0]
  if (row === undefined) return null
  if (row.isStale) await pool.query('update api_token set last_used_at = now() where id = $1', [row.id])
  // Of the machine: the token's own name says who acts.
  if (row.owner === MACHINE) return { id: row.id, name: `token:${row.name}`, role: row.role }
  return { id: row.id, name: row.owner, role: row.ownerRole === null ? row.role : lesserRole(row.role, row.ownerRole) }
}
