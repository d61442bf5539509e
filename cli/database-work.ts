/** What `db` does, with the database reached and left again around it. */
import { platformDefaults } from '../core/config/platform-defaults-from-config.ts'
import { openPool } from '../database/connect.ts'
import { migrate, migrations, schemaVersion } from '../database/migrations/migrate.ts'
import { isDraining } from '../database/queries/inbox.ts'
import { listRuns } from '../database/queries/runs.ts'
import { exportDatabase } from '../database/transfer/export-database.ts'
import { importDatabase } from '../database/transfer/import-database.ts'
import { verifyRuns } from '../database/verify-events.ts'
import { type CleanRequest, clean } from './clean.ts'
import { dataFolder } from './data-folder.ts'
import { type Connection, reachDatabase, type Wanted, withDatabase } from './database-access.ts'
import { explainingConnection } from './explain-connection-error.ts'
import type { ProgramConfig } from './load-config.ts'

type OnProgress = (rows: number) => void

export function migrateSchema(program: ProgramConfig) {
  return reach(program, 'any', migrate)
}

export interface Checked {
  /** Version of the schema that is there, and of the one this program needs. */
  readonly schema: number
  readonly expected: number
  readonly draining: boolean
}

export function checkDatabase(program: ProgramConfig): Promise<Checked> {
  const expected = migrations.at(-1)?.version ?? 0
  return reach(program, 'existing', async (connection) => {
    const schema = await schemaVersion(connection)
    if (schema !== expected) return { schema, expected, draining: false }
    const pool = openPool(connection, { name: 'tradewind check', max: 1 })
    try {
      return { schema, expected, draining: await isDraining(pool) }
    } finally {
      await pool.end()
    }
  })
}

export function exportTo(program: ProgramConfig, path: string, onProgress: OnProgress) {
  return reach(program, 'existing', (connection) => exportDatabase(connection, path, onProgress))
}

export function importFrom(program: ProgramConfig, path: string, onProgress: OnProgress) {
  return reach(program, 'any', (connection) => importDatabase(connection, path, onProgress))
}

export function cleanNow(program: ProgramConfig, how: Pick<CleanRequest, 'keepMs' | 'dryRun' | 'now'>) {
  const logsDir = dataFolder(program.dataFolder).logs
  return withDatabase(program, { need: 'existing' }, (pool) => clean({ pool, logsDir, config: program.config, ...how }))
}

export interface VerifiedHistory {
  /** Runs whose rows are what their events say, and those of which it cannot be told. */
  readonly equal: number
  readonly untold: number
  readonly different: readonly {
    readonly dag_id: string
    readonly dag_run_id: string
    readonly differences: readonly string[]
  }[]
}

/** The newest runs, against their events. */
export function verifyHistory(
  program: ProgramConfig,
  which: { readonly dagId?: string; readonly limit: number },
): Promise<VerifiedHistory> {
  return withDatabase(program, { need: 'existing' }, async (pool) => {
    const runs = await listRuns(pool, which)
    const ids = runs.map((run) => run.id)
    const verified = await verifyRuns(pool, ids, platformDefaults(program.config))
    const different = verified.flatMap(({ differences }, i) => {
      const run = runs[i]
      if (run === undefined || differences === null || differences.length === 0) return []
      return [{ dag_id: run.dagId, dag_run_id: run.runId, differences }]
    })
    const untold = verified.filter((one) => one.differences === null).length
    return { equal: verified.length - untold - different.length, untold, different }
  })
}

async function reach<T>(
  program: ProgramConfig,
  need: Wanted['need'],
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const database = await reachDatabase(program, { need })
  try {
    return await explainingConnection(program.config['database.url'], () => work(database.connection))
  } finally {
    await database.close()
  }
}
