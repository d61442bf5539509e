/** The database as this room sees it: made by whoever starts the server, never here. */
import type { openPool } from '../database/connect.ts'

export type Pool = ReturnType<typeof openPool>
