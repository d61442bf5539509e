/** Runs the web server alone until it is asked to stop. Standard output: the address on a line of its own, then log lines. */
import { openPool } from '../database/connect.ts'
import { checkSchema } from '../database/migrations/migrate.ts'
import { createFileLogStore } from '../executor/file-log-store.ts'
import { LONGEST_STATEMENT_MS } from '../webserver/pool.ts'
import { collectWhenIdle } from './collect-when-idle.ts'
import { dataFolder } from './data-folder.ts'
import { reachDatabase } from './database-access.ts'
import { explainingConnection } from './explain-connection-error.ts'
import type { ProgramConfig } from './load-config.ts'
import { openSecrets } from './open-secrets.ts'
import type { Streams } from './output.ts'
import { shedSecrets } from './secret-handover.ts'
import { startWebServer } from './start-web-server.ts'
import { awaitStopSignal } from './stop-signals.ts'
import { safeText } from './terminal/safe-text.ts'

const POOL_CONNECTIONS = 8

export async function runWebServer(program: ProgramConfig, streams: Streams, json: boolean): Promise<void> {
  await shedSecrets()
  collectWhenIdle()
  const say = (text: string, address?: string) => {
    const at = new Date().toISOString()
    const line = address ?? `${at} ${safeText(text)}`
    streams.stdout.write(
      `${json ? JSON.stringify({ at, text, ...(address === undefined ? {} : { address }) }) : line}\n`,
    )
  }
  const stopSignal = awaitStopSignal(() => process.exit(130))
  const database = await reachDatabase(program, { need: 'running' })
  try {
    await explainingConnection(program.config['database.url'], () => checkSchema(database.connection))
    const pool = openPool(database.connection, {
      name: 'tradewind webserver',
      max: POOL_CONNECTIONS,
      statementTimeoutMs: LONGEST_STATEMENT_MS,
      onError: (error) => say(`Database connection: ${error.message}`),
    })
    const logs = createFileLogStore({ logsDir: dataFolder(program.dataFolder).logs })
    try {
      const secrets = await openSecrets(program)
      const server = await startWebServer({
        program,
        earlier: null,
        pool,
        secrets,
        logs,
        readProgram: async () => [],
        log: say,
      })
      say('ready', server.address)
      await stopSignal.requested
      say('Stopping')
      await server.close()
    } finally {
      await logs.close()
      await pool.end()
    }
  } finally {
    await database.close()
    stopSignal.release()
  }
}
