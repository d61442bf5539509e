/**
 * How a command reaches the database: `DATABASE_URL`, or the server that a running program keeps in the data folder, or
 * (where that makes sense without a scheduler) that server started for the moment.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openPool } from '../database/connect.ts'
import { runningServer, startEmbeddedServer } from '../database/embedded/server.ts'
import { checkSchema } from '../database/migrations/migrate.ts'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'
import { dataFolder, makeDataFolder } from './data-folder.ts'
import { explainingConnection } from './explain-connection-error.ts'
import type { ProgramConfig } from './load-config.ts'

export type Pool = ReturnType<typeof openPool>
export type Connection = Parameters<typeof openPool>[0]

export interface Database {
  readonly connection: Connection
  /** Another program runs on it, or it is one of your own: nobody was started for this command. */
  readonly wasRunning: boolean
  close(): Promise<void>
}

export interface Wanted {
  /**
   * `running`: somebody must run it already. `existing`: started for the moment when it is there but does not run.
   * `any`: made when it is not there.
   */
  readonly need: 'running' | 'existing' | 'any'
}

const START_IT = 'Start it with: npm start (or: tradewind standalone). Or name its folder with --data-folder.'

/** Throws `CommandFailure` with the remedy. */
export async function reachDatabase(program: ProgramConfig, { need }: Wanted): Promise<Database> {
  refuseRemote(program, 'This command works on the database itself')
  const url = program.config['database.url']
  if (url !== null) return { connection: { connectionString: url }, wasRunning: true, close: async () => {} }
  const folder = dataFolder(program.dataFolder)
  const running = await runningServer(folder.postgres)
  if (running !== null) return { connection: running, wasRunning: true, close: async () => {} }
  if (need === 'running') throw new CommandFailure(`No program is running on ${folder.root}.`, START_IT)
  if (need === 'existing' && !existsSync(join(folder.postgres))) {
    throw new CommandFailure(`There is no database in ${folder.root} yet.`, START_IT)
  }
  await makeDataFolder(folder)
  const server = await startEmbeddedServer({ dataDir: folder.postgres, log: () => {} })
  return { connection: server.connection, wasRunning: false, close: () => server.stop() }
}

/** For what makes no sense against a server elsewhere. */
export function refuseRemote({ config, sources }: ProgramConfig, what: string): void {
  const url = config['remote.url']
  if (url === null) return
  const where = { flag: '--url', environment: 'TRADEWIND_URL', file: '"remote.url"', default: '' }[
    sources['remote.url']
  ]
  throw new CommandFailure(
    `${what}, not through the server at ${url}.`,
    `Run it on the machine of that server, or leave ${where} out to use the database of this one.`,
    EXIT_USAGE,
  )
}

/** Opens it, checks its schema, does the work, and closes everything however the work ended. */
export async function withDatabase<T>(
  program: ProgramConfig,
  wanted: Wanted,
  work: (pool: Pool, database: Database) => Promise<T>,
): Promise<T> {
  const database = await reachDatabase(program, wanted)
  try {
    await explainingConnection(program.config['database.url'], () => checkSchema(database.connection))
    const pool = openPool(database.connection, { name: 'tradewind cli', max: 3 })
    try {
      return await work(pool, database)
    } finally {
      await pool.end()
    }
  } finally {
    await database.close()
  }
}
