/** A database that cannot be reached: which one (never with its password), why, and what to do. */
import { CommandFailure } from './command-failure.ts'

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Start the server, or correct host and port in DATABASE_URL.',
  ENOTFOUND: 'Correct the host in DATABASE_URL.',
  EAI_AGAIN: 'Correct the host in DATABASE_URL, or look whether names can be resolved here.',
  ETIMEDOUT: 'Look whether a firewall is between here and there, or correct DATABASE_URL.',
  ERR_INVALID_URL: 'Write DATABASE_URL as postgres://user:password@host:5432/name.',
  '28P01': 'Correct user and password in DATABASE_URL.',
  '28000': 'Correct the user in DATABASE_URL, or let it in (pg_hba.conf).',
  '3D000': 'Create the database (createdb), or correct its name in DATABASE_URL.',
  '42501': 'Let the user of DATABASE_URL create tables in that database.',
  '53300': 'Raise max_connections of the server, or let other programs close theirs.',
}

/** Runs `work`; an error of the connection comes out as a failure with its remedy, any other as it is. */
export async function explainingConnection<T>(url: string | null, work: () => Promise<T>): Promise<T> {
  if (url === null) return work()
  try {
    return await work()
  } catch (error) {
    const code = codeOf(error)
    const remedy = code === null ? undefined : REMEDIES[code]
    if (remedy === undefined) throw error
    throw new CommandFailure(`The database ${nameOf(url)} cannot be used: ${messageOf(error)}.`, remedy)
  }
}

function codeOf(error: unknown): string | null {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** `host:port/name`. */
function nameOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `${host}${pathname}`
  } catch {
    return 'of DATABASE_URL'
  }
}
