/**
 * The scheduler program as `cli/compose.ts` composes it, without the web server, with its ports wrapped by a test: that is
 * where it is killed, and the product has no switch for it.
 */
import { mkdir } from 'node:fs/promises'
import { chooseChildIdentity } from '../../cli/child-identity.ts'
import { makeDagProcessor, makeExecutor } from '../../cli/compose.ts'
import { dataFolder, makeDataFolder } from '../../cli/data-folder.ts'
import { loadConfig } from '../../cli/load-config.ts'
import { openSecrets } from '../../cli/open-secrets.ts'
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import type { Executor } from '../../core/ports/executor.ts'
import type { Store } from '../../core/ports/store.ts'
import { submitCommand } from '../../database/commands.ts'
import { openPool } from '../../database/connect.ts'
import { migrate } from '../../database/migrations/migrate.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { createDatabaseWorkerApi } from '../../database/worker-api.ts'
import { isDeadWithItsChildren } from '../../executor/dead-hosts.ts'
import { createFileLogStore } from '../../executor/file-log-store.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { systemClock } from '../../scheduler/system-clock.ts'

export interface Faults {
  faultyStore(store: Store): Store
  faultyExecutor(executor: Executor): Executor
  log(line: string): void
}

/** Resolves when it runs. */
export async function composeFaultyProgram({ faultyStore, faultyExecutor, log }: Faults): Promise<void> {
  const program = loadConfig()
  const folder = dataFolder(program.dataFolder)
  await makeDataFolder(folder)
  await mkdir(program.dagsFolder, { recursive: true })
  const connection = { connectionString: program.config['database.url'] ?? '' }
  await migrate(connection)
  const pool = openPool(connection, { name: 'faulty program', max: 4 })
  const api = createDatabaseWorkerApi(pool, {
    secrets: await openSecrets(program),
    submit: (request, options) => submitCommand(pool, request, options),
  })
  const { identity } = await chooseChildIdentity({
    wanted: program.config['executor.child_user'],
    ownUid: process.getuid?.() ?? null,
    folders: [program.dagsFolder, folder.cache],
  })
  const logs = createFileLogStore({ logsDir: folder.logs, onDiagnostic: log })
  const scheduler = createScheduler({
    store: faultyStore(await createPostgresStore(connection)),
    executor: faultyExecutor(makeExecutor({ program, folder, identity, api, logs, log })),
    clock: systemClock,
    defaults: platformDefaults(program.config),
    log,
    isSurelyDead: isDeadWithItsChildren,
  })
  await scheduler.start()
  const processor = makeDagProcessor({
    program,
    folder,
    identity,
    saveBundle: (bundle) => api.saveBundle(bundle),
    report: (report) => scheduler.onDagFile(report),
    log,
  })
  await processor.start()
  log('faulty program Ready')
}
