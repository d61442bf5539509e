/** Makes the web server by the configuration and opens its port; for `standalone`, and for `webserver` alone. */
import { join } from 'node:path'
import { platformDefaults } from '../core/config/platform-defaults-from-config.ts'
import { readHealth } from '../database/queries/overview.ts'
import { makeFirstAdmin } from '../database/users/users.ts'
import { systemClock } from '../scheduler/system-clock.ts'
import { createWebServer } from '../webserver/create-web-server.ts'
import { listen } from '../webserver/listen.ts'
import type { MetricsData } from '../webserver/program-metrics.ts'
import type { WebServerParts } from '../webserver/web-server-parts.ts'
import { accessOptions, exposureWarning } from './access-options.ts'
import type { ProgramConfig } from './load-config.ts'
import { entryFile, PACKAGE_ROOT, packageVersion } from './package-root.ts'
import { shownSettings } from './shown-settings.ts'
import type { EarlierPort } from './web-server/messages.ts'

export interface WebServerRequest extends Pick<WebServerParts, 'pool' | 'secrets' | 'logs'> {
  readonly program: ProgramConfig
  /** Set when it is started again. */
  readonly earlier: EarlierPort | null
  /** Of the scheduler's side, if it runs in this program. */
  readonly readProgram: () => Promise<MetricsData>
  readonly log: (line: string) => void
}

export interface StartedWebServer {
  /** `http://127.0.0.1:8080` */
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

/** Throws with cause and remedy when it cannot listen. */
export async function startWebServer(request: WebServerRequest): Promise<StartedWebServer> {
  const { program, pool, secrets, logs, log } = request
  const { config } = program
  const app = createWebServer({
    pool,
    secrets,
    logs,
    defaults: platformDefaults(config),
    slots: config['executor.slots'] ?? config['scheduler.parallelism'],
    settings: shownSettings(program),
    access: accessOptions(config),
    metrics: { isOpen: config['server.metrics_open'], readProgram: request.readProgram },
    connectionProbe: entryFile('webserver/connection-probe'),
    readHealth: async () => {
      const health = await readHealth(pool)
      return {
        databaseAnswers: health.database,
        schedulerHeartbeat: health.scheduler?.heartbeatAt ?? null,
        dagProcessorHeartbeat: health.dagProcessor?.heartbeatAt ?? null,
      }
    },
    now: () => systemClock.now(),
    pageFolder: join(PACKAGE_ROOT, 'dist/ui'),
    version: packageVersion(),
    log,
  })
  try {
    const exposure = request.earlier === null ? exposureWarning(config) : null
    if (exposure !== null) log(`Warning: ${exposure}`)
    const listening = await listen(app, {
      host: config['server.host'],
      port: request.earlier?.port ?? config['server.port'],
      // People have the address by now: it is not moved when it is started again.
      portIsExplicit: request.earlier !== null || program.sources['server.port'] !== 'default',
    })
    if (listening.movedFrom !== null) log(`Port ${listening.movedFrom} is taken; using ${listening.port}`)
    const admin = await makeFirstAdmin(pool)
    if (admin !== null) {
      log(`Sign in as ${admin.name} with the password ${admin.password} (shown this once; lost: users reset-admin)`)
    }
    return { address: listening.address, port: listening.port, close: () => app.close() }
  } catch (error) {
    await app.close()
    throw error
  }
}
