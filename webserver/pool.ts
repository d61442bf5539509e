/** The database as this room sees it: made by whoever starts the server, never here. */
import type { openPool } from '../database/connect.ts'

export type Pool = ReturnType<typeof openPool>

/** A page that takes the database longer is given up, so that a few such requests do not hold every connection. */
export const LONGEST_STATEMENT_MS = 30_000
