/** Scheduler and web server over a test database, in the test's process: Dags are written to it, tries take a known time. */
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { readConfig } from '../../core/config/read-config.ts'
import type { Executor } from '../../core/ports/executor.ts'
import type { CommandRequest } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { submitCommand } from '../../database/commands.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { createUser } from '../../database/users/users.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { systemClock } from '../../scheduler/system-clock.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import type { WebServerParts } from '../../webserver/web-server-parts.ts'
import { dag, noWrites, version } from '../support/records.ts'
import type { TestDatabase } from '../support/test-database.ts'
import { parts } from '../webserver/web-server.ts'

export const PASSWORD = 'correct horse battery'
const BUILT_PAGE = new URL('../../dist/ui', import.meta.url).pathname

export interface Served {
  readonly address: string
  /** @throws when it is refused. */
  command(request: CommandRequest): Promise<Readonly<Record<string, unknown>>>
  /** The web server goes, all its sockets with it, and another comes at the same address. */
  restartWebServer(during: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}

/** Users `viewer`, `operator` and `admin` have these roles. */
export async function serve(
  database: TestDatabase,
  dags: readonly SerializedDag[],
  executor: Executor,
  over: Partial<WebServerParts> = {},
): Promise<Served> {
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    await createUser(database.pool, { name: role, password: PASSWORD, role })
  }
  await addDags(database, dags)
  const { config } = readConfig({ env: {}, flags: {}, machine: { cores: 2 } })
  const store = await createPostgresStore(database.connection)
  const defaults = platformDefaults(config)
  const scheduler = createScheduler({ store, executor, clock: systemClock, defaults, log: () => {} })
  await scheduler.start()
  const webServer = () =>
    createWebServer(parts({ pool: database.pool, access: DEFAULT_ACCESS, pageFolder: BUILT_PAGE, ...over }))
  let app = webServer()
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    address,
    command: async (request) => {
      const result = await submitCommand(database.pool, request, { actor: 'user:test', timeoutMs: 20_000 })
      if (result.status !== 'answered' || !result.answer.ok) throw new Error(JSON.stringify(result))
      return JSON.parse(result.answer.value) as Record<string, unknown>
    },
    restartWebServer: async (during) => {
      await app.close()
      await during()
      app = webServer()
      await app.listen({ host: '127.0.0.1', port: Number(new URL(address).port) })
    },
    stop: async () => {
      await app.close()
      await scheduler.stop(0)
      await store.close()
    },
  }
}

async function addDags(database: TestDatabase, dags: readonly SerializedDag[]): Promise<void> {
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('seed:1:1'))!
  const result = await store.commit(epoch, {
    ...noWrites,
    dags: dags.map((one, index) => dag(one.dagId, { versionId: index + 1 })),
    insertedVersions: dags.map((one, index) => version(index + 1, one.dagId, { serialized: one })),
  })
  if (result.status !== 'committed') throw new Error(JSON.stringify(result))
  await store.releaseLease(epoch)
  await store.close()
}

/** Tasks without dependencies, `task_00` and on. */
export function wideDag(
  dagId: string,
  tasks: number,
  over: Partial<SerializedDag['tasks'][number]> = {},
): SerializedDag {
  return {
    format: 1,
    dagId,
    tags: [],
    file: `${dagId}.ts`,
    schedule: { kind: 'none' },
    timezone: 'UTC',
    maxActiveRuns: 16,
    maxActiveTasks: 64,
    tasks: Array.from({ length: tasks }, (_, index) => ({
      taskId: `task_${String(index).padStart(2, '0')}`,
      kind: 'task' as const,
      upstream: [],
      inputs: {},
      ...over,
    })),
    groups: [],
  }
}
