/**
 * Users who sign in with a name and a password. Invariants: a user who is disabled, whose password changes or who goes has
 * no session afterwards; hashes never leave this room except to be checked.
 *
 * Index: `app_user` by name. Locks: the row.
 */
import type pg from 'pg'
import { BusyError, checkPassword, hashPassword, passwordProblem, randomPassword } from './passwords.ts'
import type { Role } from './roles.ts'

export { BusyError }

export interface User {
  readonly name: string
  readonly role: Role
  readonly isDisabled: boolean
  readonly createdAt: number
  readonly passwordChangedAt: number
}

/** The owner of tokens made on the machine itself. */
export const MACHINE = 'cli'

/** A change that cannot be made; the message says why. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

const columns =
  'name, role, is_disabled as "isDisabled", created_at as "createdAt", password_changed_at as "passwordChangedAt"'

export async function listUsers(pool: pg.Pool): Promise<readonly User[]> {
  return (await pool.query<User>(`select ${columns} from app_user order by name`)).rows
}

/** @throws UserError */
export async function createUser(
  pool: pg.Pool,
  { name, password, role }: { readonly name: string; readonly password: string; readonly role: Role },
): Promise<void> {
  if (!/^[\w.@+-]{1,100}$/.test(name) || name === MACHINE) {
    throw new UserError(`"${name}" is no user name: use up to 100 letters, digits and _ . @ + -, and not "${MACHINE}".`)
  }
  const made = await pool.query(
    `insert into app_user (name, password_hash, role, created_at, password_changed_at)
     values ($1, $2, $3, now(), now()) on conflict do nothing`,
    [name, await newHash(password), role],
  )
  if (made.rowCount === 0) throw new UserError(`There is a user "${name}" already.`)
}

/** Ends all sessions and short-lived tokens of the user. @throws UserError */
export async function setPassword(pool: pg.Pool, name: string, password: string): Promise<void> {
  const hash = await newHash(password)
  await change(pool, name, 'password_hash = $2, password_changed_at = now()', [hash])
}

/** @throws UserError */
export async function setDisabled(pool: pg.Pool, name: string, isDisabled: boolean): Promise<void> {
  await change(pool, name, 'is_disabled = $2', [isDisabled])
}

/** @throws UserError */
export async function setRole(pool: pg.Pool, name: string, role: Role): Promise<void> {
  await change(pool, name, 'role = $2', [role])
}

/** Name and role if the password is right and the user is not disabled, else `null`. @throws BusyError */
export async function checkSignIn(
  pool: pg.Pool,
  name: string,
  password: string,
): Promise<{ readonly name: string; readonly role: Role } | null> {
  const { rows } = await pool.query<{ name: string; role: Role; hash: string; isDisabled: boolean }>(
    'select name, role, password_hash as hash, is_disabled as "isDisabled" from app_user where name = $1',
    [name],
  )
  const user = rows[0]
  const isRight = await checkPassword(password, user?.hash ?? null)
  return isRight && user !== undefined && !user.isDisabled ? { name: user.name, role: user.role } : null
}

export interface MadeAdmin {
  readonly name: string
  /** Shown once. */
  readonly password: string
}

/** At the first start: an admin with a random password. `null` when there is any user already. */
export async function makeFirstAdmin(pool: pg.Pool): Promise<MadeAdmin | null> {
  const known = await pool.query('select from app_user limit 1')
  if (known.rowCount !== 0) return null
  const made = { name: 'admin', password: randomPassword() }
  const inserted = await pool.query(
    `insert into app_user (name, password_hash, role, created_at, password_changed_at)
     select $1, $2, 'admin', now(), now() where not exists (select from app_user) on conflict do nothing`,
    [made.name, await hashPassword(made.password)],
  )
  return inserted.rowCount === 1 ? made : null
}

/** For who lost it and is on the machine: `admin` is an admin again, enabled, with a new random password. */
export async function resetAdmin(pool: pg.Pool): Promise<MadeAdmin> {
  const made = { name: 'admin', password: randomPassword() }
  await pool.query(
    `with done as (
       insert into app_user (name, password_hash, role, created_at, password_changed_at)
       values ($1, $2, 'admin', now(), now())
       on conflict (name) do update set password_hash = excluded.password_hash, role = 'admin', is_disabled = false,
         password_changed_at = now()
       returning name)
     delete from session where user_name in (select name from done)`,
    [made.name, await hashPassword(made.password)],
  )
  return made
}

async function newHash(password: string): Promise<string> {
  const problem = passwordProblem(password)
  if (problem !== null) throw new UserError(problem)
  return hashPassword(password)
}

async function change(pool: pg.Pool, name: string, assignment: string, values: unknown[]): Promise<void> {
  const changed = await pool.query<{ name: string }>(
    `with changed as (update app_user set ${assignment} where name = $1 returning name),
       signed_out as (delete from session where user_name in (select name from changed)),
       revoked as (update api_token set revoked_at = now()
         where owner in (select name from changed) and name = '${SIGN_IN_TOKEN}' and revoked_at is null)
     select name from changed`,
    [name, ...values],
  )
  if (changed.rows.length === 0) throw new UserError(`There is no user "${name}"; see \`tradewind users list\`.`)
}

/** Name of the tokens that `POST /auth/token` gives. */
export const SIGN_IN_TOKEN = 'sign-in'
