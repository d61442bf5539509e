/**
 * The composition root: makes every part of the program, in order, and stops them in reverse. Nothing else knows which
 * implementation stands behind a port. A part that fails to start takes down what was started before it.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { platformDefaults } from '../core/config/platform-defaults-from-config.ts'
import type { DagFileReport } from '../core/ports/dag-source.ts'
import type { Executor } from '../core/ports/executor.ts'
import type { LogStore } from '../core/ports/log-store.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'
import { submitCommand } from '../database/commands.ts'
import { openPool } from '../database/connect.ts'
import { startEmbeddedServer } from '../database/embedded/server.ts'
import { migrate } from '../database/migrations/migrate.ts'
import { recordHeartbeat } from '../database/queries/overview.ts'
import { createPostgresStore } from '../database/store/postgres-store.ts'
import { createDatabaseWorkerApi } from '../database/worker-api.ts'
import { closeLostLogs } from '../executor/close-lost-logs.ts'
import { isDeadWithItsChildren } from '../executor/dead-hosts.ts'
import { createFileLogStore } from '../executor/file-log-store.ts'
import { createLocalExecutor } from '../executor/local-executor.ts'
import { createDagProcessor, type DagProcessor } from '../scheduler/dag-processor/index.ts'
import { createScheduler } from '../scheduler/scheduler.ts'
import { systemClock } from '../scheduler/system-clock.ts'
import * as airflowSdk from '../sdk/airflow.ts'
import * as sdk from '../sdk/index.ts'
import { createProgramMetrics } from '../webserver/program-metrics.ts'
import { chooseChildIdentity, type Identity } from './child-identity.ts'
import { cleanDaily } from './clean.ts'
import { type DataFolder, dataFolder, makeDataFolder } from './data-folder.ts'
import type { Connection } from './database-access.ts'
import { explainingConnection } from './explain-connection-error.ts'
import { childEnvironment, type ProgramConfig } from './load-config.ts'
import { openSecrets } from './open-secrets.ts'
import { entryFile, PACKAGE_ROOT } from './package-root.ts'
import { setDefaultPool } from './set-default-pool.ts'
import type { Activity } from './terminal/activity.ts'
import { createCommitWatcher } from './terminal/watch-commits.ts'
import { keepWebServer } from './web-server/keep-web-server.ts'

export interface ComposeOptions {
  readonly withWebServer: boolean
  /** Lines for people. */
  readonly log: (line: string) => void
}

export interface RunningProgram {
  /** `http://127.0.0.1:8080`; `null` without a web server. */
  readonly address: string | null
  activity(): Activity
  /** Resolves, with the reason, when a part ended by itself that the program cannot do without. */
  readonly broken: Promise<string>
  /** Running tries may end for `graceMs`. */
  stop(graceMs: number): Promise<void>
}

const POOL_CONNECTIONS = 8
const MB = 1024 * 1024
const HEARTBEAT_EVERY_MS = 5_000

type Stop = (graceMs: number) => Promise<void>

/** Throws with cause and remedy when a part cannot start. */
export async function startProgram(program: ProgramConfig, options: ComposeOptions): Promise<RunningProgram> {
  const stops: Stop[] = []
  let stopped: Promise<void> | null = null
  const stop: Stop = (graceMs) => {
    stopped ??= stopInReverse(stops, graceMs, options.log)
    return stopped
  }
  try {
    return { ...(await startParts(program, options, stops)), stop }
  } catch (error) {
    await stop(0)
    throw error
  }
}

async function startParts(
  program: ProgramConfig,
  options: ComposeOptions,
  stops: Stop[],
): Promise<Omit<RunningProgram, 'stop'>> {
  const { config } = program
  const { log } = options
  const broken = Promise.withResolvers<string>()
  const folder = dataFolder(program.dataFolder)
  await makeDataFolder(folder)
  await mkdir(program.dagsFolder, { recursive: true })

  const webServer = options.withWebServer
    ? keepWebServer({
        readMetrics: () => metrics.read(),
        flushLog: (address) => logs.flush(address),
        log,
      })
    : null
  // For a start that fails before it; else it has been stopped long before.
  stops.push(async () => webServer?.stop())

  const connection = await startDatabase(program, folder, options, stops, broken.resolve)
  const { from, to } = await explainingConnection(config['database.url'], () => migrate(connection))
  if (from !== to) log(from === 0 ? `Database made (schema ${to})` : `Database brought from schema ${from} to ${to}`)

  let isEnding = false
  const pool = openPool(connection, {
    name: 'tradewind',
    max: POOL_CONNECTIONS,
    // What our own server says to an idle connection while it ends is no news.
    onError: (error) => {
      if (!isEnding) log(`Database connection: ${error.message}`)
    },
  })
  stops.push(() => {
    isEnding = true
    return pool.end()
  })
  const secrets = await openSecrets(program)
  const api = createDatabaseWorkerApi(pool, {
    secrets,
    submit: (request, submitOptions) => submitCommand(pool, request, submitOptions),
  })
  const store = await createPostgresStore(connection)
  stops.push(() => store.close())

  const identity = await chooseIdentity(program, folder, log)
  const logs = createFileLogStore({ logsDir: folder.logs, onDiagnostic: log })
  stops.push(() => logs.close())
  const executor = makeExecutor({ program, folder, identity, api, logs, log })

  const watcher = createCommitWatcher(log, () => systemClock.now())
  const metrics = createProgramMetrics(() => {
    const memory = scheduler.memory()
    return {
      isLeading: memory !== null,
      runningTries: executor.inventory().running.length,
      slots: executor.slots,
      waiting: memory?.waiting.size ?? 0,
    }
  })
  const isEmbedded = config['database.url'] === null
  const scheduler = createScheduler({
    store,
    executor,
    clock: systemClock,
    defaults: platformDefaults(config),
    log,
    onTick: (ms) => metrics.onTick(ms),
    onCommit: (plan) => {
      watcher.onCommit(plan.writes)
      metrics.onCommit(plan.writes)
      closeLostLogs(plan, logs)
    },
    // The embedded server has one program only: whoever else is named there is an earlier life of this one.
    isSurelyDead: (host) => isEmbedded || isDeadWithItsChildren(host),
  })
  stops.push((graceMs) => scheduler.stop(graceMs))
  await scheduler.start()
  const poolSlots = config['scheduler.default_pool_slots']
  if (from === 0) stops.push(setDefaultPool((request, wait) => submitCommand(pool, request, wait), poolSlots, log))

  stops.push(cleanDaily({ pool, logsDir: folder.logs, config, log }))

  const processor = makeDagProcessor({
    program,
    folder,
    identity,
    saveBundle: (bundle) => api.saveBundle(bundle),
    report: (report) => scheduler.onDagFile(report),
    log,
  })
  stops.push(() => processor.stop())
  // Not awaited: a file that takes its time must not keep the address from being told.
  processor.start().then(
    () => stops.push(keepHeartbeat(() => recordHeartbeat(pool, 'dag-processor', executor.host), log)),
    (error: unknown) => broken.resolve(`The Dag processor could not start: ${errorText(error)}`),
  )

  let address: string | null = null
  if (webServer !== null) {
    stops.push(() => webServer.stop())
    address = await webServer.start(program, connection)
  }
  return { address, activity: () => watcher.read(scheduler.memory()), broken: broken.promise }
}

async function startDatabase(
  program: ProgramConfig,
  folder: DataFolder,
  { log }: ComposeOptions,
  stops: Stop[],
  broken: (reason: string) => void,
): Promise<Connection> {
  const url = program.config['database.url']
  if (url !== null) return { connectionString: url }
  const server = await startEmbeddedServer({ dataDir: folder.postgres, log })
  stops.push(() => server.stop())
  void server.died.then(broken)
  return server.connection
}

async function chooseIdentity(program: ProgramConfig, folder: DataFolder, log: (line: string) => void) {
  const { identity, warning } = await chooseChildIdentity({
    wanted: program.config['executor.child_user'],
    ownUid: process.getuid?.() ?? null,
    folders: [PACKAGE_ROOT, program.dagsFolder, folder.cache],
  })
  if (warning !== null) log(`Warning: ${warning}`)
  return identity
}

export interface ExecutorParts {
  readonly program: ProgramConfig
  readonly folder: Pick<DataFolder, 'cache' | 'files'>
  readonly identity: Identity | null
  readonly api: WorkerApi
  readonly logs: LogStore
  readonly log: (line: string) => void
}

/** The executor of this machine, by the configuration. */
export function makeExecutor({ program, folder, identity, api, logs, log }: ExecutorParts): Executor {
  const { config } = program
  return createLocalExecutor({
    slots: config['executor.slots'] ?? config['scheduler.parallelism'],
    api,
    logs,
    childEntry: entryFile('worker/run-child'),
    dagsFolder: program.dagsFolder,
    cacheDir: join(folder.cache, 'run'),
    filesDir: folder.files,
    childEnv: childEnvironment(config['executor.child_env']),
    childIdentity: identity,
    defaults: { memoryLimitMb: config['tasks.memory_limit_mb'] },
    warm: {
      idleMs: config['executor.idle_time'],
      maxIdle: config['executor.idle_children'],
      maxTriesPerChild: config['executor.tries_per_child'],
      maxRssMb: config['executor.child_rss_limit_mb'],
    },
    heartbeat: {
      everyMs: config['executor.heartbeat_every'],
      lostAfterMs: config['executor.heartbeat_lost_after'],
    },
    killGraceMs: config['executor.kill_grace'],
    limits: { logCharsPerTry: config['logs.max_mb_per_try'] * MB, xcomBytes: config['xcom.max_mb'] * MB },
    clock: systemClock,
    onDiagnostic: log,
  })
}

export interface DagProcessorParts {
  readonly program: ProgramConfig
  readonly folder: Pick<DataFolder, 'cache'>
  readonly identity: Identity | null
  readonly saveBundle: Parameters<typeof createDagProcessor>[0]['bundles']['saveBundle']
  readonly report: (report: DagFileReport) => void
  readonly log: (line: string) => void
}

/** The Dag processor, by the configuration. */
export function makeDagProcessor(parts: DagProcessorParts): DagProcessor {
  const { program, folder, identity, saveBundle, report, log } = parts
  const { config } = program
  return createDagProcessor({
    folder: program.dagsFolder,
    bundles: { saveBundle },
    report,
    cacheDir: join(folder.cache, 'parse'),
    parseChildEntry: entryFile('worker/parse-child'),
    sdkExports: { tradewind: Object.keys(sdk), airflow: Object.keys(airflowSdk) },
    limits: {
      parseTimeoutMs: config['dag_processor.parse_timeout'],
      parseMemoryMb: config['dag_processor.parse_memory_mb'],
    },
    childEnv: childEnvironment(config['executor.child_env']),
    childIdentity: identity ?? undefined,
    log,
    rescanMs: config['dag_processor.rescan_every'],
    idleMs: config['dag_processor.idle_time'],
    clock: systemClock,
  })
}

/** One part that will not stop must not keep the others from stopping. */
async function stopInReverse(stops: readonly Stop[], graceMs: number, log: (line: string) => void): Promise<void> {
  for (const stop of stops.toReversed()) {
    try {
      await stop(graceMs)
    } catch (error) {
      log(`While stopping: ${errorText(error)}`)
    }
  }
}

/** Tells the database now and then that a part without a lease is alive; returns what ends that. */
function keepHeartbeat(beat: () => Promise<void>, log: (line: string) => void): Stop {
  let current = Promise.resolve()
  const next = () => {
    current = beat().catch((error: unknown) => log(`No heartbeat of the Dag processor: ${errorText(error)}`))
  }
  next()
  const timer = setInterval(next, HEARTBEAT_EVERY_MS)
  return async () => {
    clearInterval(timer)
    await current
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
