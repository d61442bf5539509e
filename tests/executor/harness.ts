/**
 * A local executor with real children, a memory WorkerApi and file logs in a temporary folder. `run` dispatches a try and
 * resolves with its end; Dags are CommonJS text that finds the SDK as `tw`, which is what the bundler makes of them.
 */
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  Dispatch,
  DispatchContext,
  Executor,
  ExecutorReport,
  TryEnded,
  TryOutcome,
} from '../../core/ports/executor.ts'
import type { LogLine, LogStore } from '../../core/ports/log-store.ts'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import { createFileLogStore } from '../../executor/file-log-store.ts'
import { createLocalExecutor } from '../../executor/local-executor.ts'
import type { LocalExecutorOptions } from '../../executor/local-options.ts'
import { createMemoryWorkerApi, type MemoryWorkerApi } from '../../testing/memory-worker-api.ts'

export const CHILD_ENTRY = new URL('../../worker/run-child.ts', import.meta.url)

export type MakeExecutor = (given: { api: MemoryWorkerApi; logs: LogStore; folder: string }) => Executor

export interface World {
  readonly folder: string
  readonly api: MemoryWorkerApi
  readonly logs: LogStore
  readonly executor: Executor
  readonly diagnostics: string[]
  readonly reports: ExecutorReport[]
  /** Registers a Dag file. The body declares Dags; `tw` is the SDK. */
  bundle(body: string): string
  dispatch(change: TryChange): Dispatch
  ended(dispatch: Dispatch): Promise<TryEnded>
  started(dispatch: Dispatch): Promise<void>
  run(change: TryChange): Promise<TryEnded>
  log(dispatch: Dispatch): Promise<readonly LogLine[]>
  /** All texts of a try's log. */
  text(dispatch: Dispatch): Promise<string>
  stop(): Promise<void>
}

export type TryChange = Partial<Dispatch> & { readonly bundleHash: string; readonly taskId: string }

export const CONTEXT: DispatchContext = {
  runType: 'scheduled',
  logicalDate: Date.UTC(2026, 0, 1),
  dataIntervalStart: Date.UTC(2026, 0, 1),
  dataIntervalEnd: Date.UTC(2026, 0, 1),
  runAfter: Date.UTC(2026, 0, 1),
  timezone: 'UTC',
  params: {},
  maxTries: 4,
  idempotencyKey: 'key',
  correlationId: null,
}

let lastTi = 0

export function makeDispatch(change: TryChange): Dispatch {
  lastTi++
  return {
    key: { tiId: lastTi, tryNumber: 1 },
    epoch: 1,
    dagId: 'd',
    runId: `manual__${lastTi}`,
    dagRunId: 1,
    mapIndex: -1,
    kind: 'task',
    inputs: {},
    upstreamTries: {},
    context: CONTEXT,
    timeoutMs: 30_000,
    memoryLimitMb: null,
    isolation: 'warm',
    doXcomPush: true,
    priority: 1,
    ...change,
  }
}

export function bundleOf(body: string): BundleCode {
  const code = `const tw = globalThis[Symbol.for('tradewind.sdk')]\n${body}\n`
  return { hash: createHash('sha256').update(code).digest('hex'), format: 'cjs', code, sourceMap: null }
}

/** A Dag `d` whose tasks are the given handlers, as source text. */
export function dagOf(tasks: Readonly<Record<string, string>>, top = ''): string {
  const placed = Object.entries(tasks).map(([id, handler]) => `dag.task(${JSON.stringify(id)}, ${handler})()`)
  return `${top}\nconst dag = new tw.Dag('d')\n${placed.join('\n')}`
}

export function localOptions(
  folder: string,
  given: { api: MemoryWorkerApi; logs: LogStore; onDiagnostic?: (line: string) => void },
  change: Partial<LocalExecutorOptions> = {},
): LocalExecutorOptions {
  return {
    slots: 2,
    api: given.api,
    logs: given.logs,
    childEntry: CHILD_ENTRY,
    dagsFolder: join(folder, 'dags'),
    cacheDir: join(folder, 'cache'),
    filesDir: join(folder, 'files'),
    childEnv: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ALLOWED: 'yes' },
    childIdentity: null,
    defaults: { memoryLimitMb: 256 },
    warm: { idleMs: 5_000, maxIdle: 2, maxTriesPerChild: 10_000, maxRssMb: 1_000 },
    heartbeat: { everyMs: 200, lostAfterMs: 5_000 },
    killGraceMs: 300,
    onDiagnostic: given.onDiagnostic ?? (() => undefined),
    ...change,
  }
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-executor-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'dags'))
  return folder
}

export async function makeWorld(change: Partial<LocalExecutorOptions> = {}, make?: MakeExecutor): Promise<World> {
  const folder = makeFolder()
  const api = createMemoryWorkerApi()
  const logs = createFileLogStore({ logsDir: join(folder, 'logs'), flushEveryMs: 20 })
  const diagnostics: string[] = []
  const onDiagnostic = (line: string) => void diagnostics.push(line)
  const executor =
    make?.({ api, logs, folder }) ?? createLocalExecutor(localOptions(folder, { api, logs, onDiagnostic }, change))
  const reports: ExecutorReport[] = []
  const waiting = new Set<() => void>()
  await executor.start((batch) => {
    reports.push(...batch)
    for (const look of waiting) look()
  })

  function until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find()
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  }

  const same = (dispatch: Dispatch, report: ExecutorReport) =>
    report.key.tiId === dispatch.key.tiId && report.key.tryNumber === dispatch.key.tryNumber

  const world: World = {
    folder,
    api,
    logs,
    executor,
    diagnostics,
    reports,
    bundle(body) {
      const bundle = bundleOf(body)
      api.bundles.set(bundle.hash, bundle)
      return bundle.hash
    },
    dispatch(given) {
      const dispatch = makeDispatch(given)
      executor.dispatch([dispatch])
      return dispatch
    },
    ended: (dispatch) =>
      until(() => reports.find((report): report is TryEnded => report.type === 'ended' && same(dispatch, report))),
    async started(dispatch) {
      await until(() => reports.find((report) => report.type === 'started' && same(dispatch, report)))
    },
    run: (given) => world.ended(world.dispatch(given)),
    async log(dispatch) {
      const { key, dagId, runId, taskId, mapIndex } = dispatch
      const lines: LogLine[] = []
      for (let from = 0; ; ) {
        const part = await logs.read({ ...key, dagId, runId, taskId, mapIndex }, from)
        lines.push(...part.lines)
        if (part.nextByte === from) return lines
        from = part.nextByte
      }
    },
    async text(dispatch) {
      return (await world.log(dispatch)).map((line) => line.text).join('\n')
    },
    async stop() {
      await executor.stop(0, { by: 'shutdown' })
      await logs.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return world
}

export function returned(ended: TryEnded): unknown {
  if (ended.outcome.state !== 'success') throw new Error(`not a success: ${JSON.stringify(ended.outcome)}`)
  const json = ended.outcome.xcoms[0]?.json
  return json === undefined || json === null ? undefined : JSON.parse(json)
}

export function causeOf(ended: TryEnded): Extract<TryOutcome, { state: 'failed' }>['cause'] {
  if (ended.outcome.state !== 'failed') throw new Error(`not a failure: ${JSON.stringify(ended.outcome)}`)
  return ended.outcome.cause
}
