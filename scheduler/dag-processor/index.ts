/**
 * The Dag processor: watches the Dags folder and tells, for each file, what Dags it holds or why it cannot be taken.
 * Invariant: whatever hints the operating system gives or loses, after a rescan every file has been reported as it is
 * now. User code is only ever loaded in parse children.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { BundleStore, DagFileReport } from '../../core/ports/dag-source.ts'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import { systemClock } from '../system-clock.ts'
import type { SdkExports } from './build-plugins.ts'
import { endBundlerProcess } from './bundler-process.ts'
import { checkStability } from './check-stability.ts'
import { openCacheFolder, openDagsFolder } from './dags-folder.ts'
import { evaluateFile } from './evaluate-file.ts'
import { createEvaluationQueue } from './evaluation-queue.ts'
import { createFileReports } from './file-reports.ts'
import { createFolderState, type FolderState } from './folder-state.ts'
import { createIdleTime } from './idle-time.ts'
import { createParsePool, type ParsePool } from './parse-pool.ts'
import { type Watch, watchFolder } from './watch-folder.ts'

export type { SdkExports } from './build-plugins.ts'

export interface DagProcessorOptions {
  /** The Dags folder; created when missing. */
  readonly folder: string
  readonly bundles: BundleStore
  /** Called for every file once at start, then on every change; a bundle is saved before its Dags are reported. */
  readonly report: (report: DagFileReport) => void
  /** For ESM bundles; parse children write to it. */
  readonly cacheDir: string
  /** `worker/parse-child`, as `.ts` in source and `.js` in the build. */
  readonly parseChildEntry: URL
  readonly sdkExports: SdkExports
  readonly limits: { readonly parseTimeoutMs: number; readonly parseMemoryMb: number }
  /** The whole environment of parse children. */
  readonly childEnv: Readonly<Record<string, string>>
  readonly childIdentity?: { readonly uid: number; readonly gid: number } | undefined
  readonly log: (line: string) => void
  /** How often everything is looked at, hint or no hint. */
  readonly rescanMs?: number
  /** After this time without a change no process is kept for the next one; never, if left out. */
  readonly idleMs?: number
  readonly clock?: Pick<Clock, 'now'>
}

export interface ParsedFile {
  /** `parsed` or `broken`; a file without Dags is `parsed` with none. */
  readonly report: Extract<DagFileReport, { type: 'parsed' | 'broken' }>
  /** Of a file with Dags. */
  readonly bundle: BundleCode | null
}

export interface DagProcessor {
  /** Resolves when every file has been reported once and `complete` after them. Rejects when the folder or children cannot be had. */
  start(): Promise<void>
  /** Looks at everything now; resolves when all that changed has been reported. */
  rescan(): Promise<void>
  /** Resolves when no child and no watcher is left. */
  stop(): Promise<void>
  /** One file (relative to the folder), whether or not the processor runs; reports nothing, saves nothing. */
  parseOne(file: string): Promise<ParsedFile>
}

const RESCAN_MS = 5_000
/** A second look for determinism begins when nothing has changed for this long. */
const CALM_MS = 1_500
const MOST_CHECKS_PER_CHILD = 25

interface Running {
  readonly folder: string
  readonly cacheDir: string
  readonly pool: ParsePool
}

export function createDagProcessor(options: DagProcessorOptions): DagProcessor {
  const { log, bundles, sdkExports, clock = systemClock } = options
  const now = () => clock.now()
  const reports = createFileReports((report) => {
    if (!stopped) options.report(report)
  }, now)
  const queue = createEvaluationQueue((file) => idle.during(() => evaluate(file)))
  const idle = createIdleTime(options.idleMs, () => void keepNoProcess())
  const checked = new Set<string>()
  /** Not the author's fault: the store or the parse children cannot be had. Their Dags stay as they are. */
  const notEvaluated = new Set<string>()
  let running: Promise<Running> | undefined
  let state: FolderState | undefined
  let watch: Watch | undefined
  let rescanTimer: NodeJS.Timeout | undefined
  let calmTimer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()
  let checking: Promise<unknown> = Promise.resolve()
  let stopped = false
  /** The folder could not be read at the last look. */
  let isLost = false

  async function open(): Promise<Running> {
    const folder = await openDagsFolder(options.folder, log)
    const cacheDir = await openCacheFolder(options.cacheDir, options.childIdentity)
    const pool = createParsePool({
      entry: options.parseChildEntry,
      env: options.childEnv,
      identity: options.childIdentity,
      cwd: folder,
      timeoutMs: options.limits.parseTimeoutMs,
      memoryMb: options.limits.parseMemoryMb,
      log,
    })
    return { folder, cacheDir, pool }
  }

  async function keepNoProcess(): Promise<void> {
    ;(await running)?.pool.rest()
    await endBundlerProcess()
  }

  /** It starts while the first of them is bundled. */
  async function wakeChild(): Promise<void> {
    // Should it not start, the parse that needs it says so.
    await (await running)?.pool.warmUp().catch(() => undefined)
  }

  /** A folder that was gone and came back is another one to the operating system. */
  async function watchAnew(): Promise<void> {
    isLost = false
    log(`The Dags folder ${options.folder} can be read again.`)
    await watch?.close()
    watch = watchFolder(state?.folder ?? options.folder, (paths) => void look(paths), log)
  }

  /** One after another: a look compares with what the last one saw. `paths`: only these, if they are all known. */
  function look(paths?: ReadonlySet<string>): Promise<void> {
    looking = looking.then(async () => {
      if (stopped || state === undefined) return
      try {
        const { dirty, gone, watchAlso } = await state.look(paths)
        if (isLost) await watchAnew()
        for (const file of gone) {
          queue.drop(file)
          notEvaluated.delete(file)
          reports.remove(file)
        }
        if (dirty.length > 0) void wakeChild()
        for (const file of dirty) queue.add(file)
        watch?.add(watchAlso)
      } catch (error) {
        if (!isLost) {
          log(`The Dags folder cannot be read: ${text(error)}. Its Dags stay as they are until it can.`)
        }
        isLost = true
      }
      rest()
    })
    return looking
  }

  async function evaluate(file: string): Promise<void> {
    const found = state?.file(file)
    if (found === undefined || stopped || running === undefined) return
    const began = now()
    try {
      const { pool, ...context } = await running
      const { outcome, dependencies, bundle } = await evaluateFile(found, { ...context, sdkExports }, pool.parse)
      if (stopped) return
      if (bundle !== null) await bundles.saveBundle(bundle)
      const watchAlso = await state?.depend(file, dependencies, began)
      watch?.add(watchAlso ?? [])
      // Deleted meanwhile: its end has been reported.
      const rank = state?.nextRank(file)
      if (rank !== undefined) reports.set(file, outcome, rank)
      notEvaluated.delete(file)
    } catch (error) {
      if (stopped) return
      log(`${file} could not be looked at; the next rescan tries again. ${text(error)}`)
      notEvaluated.add(file)
      state?.lookAgain(file)
    }
    rest()
  }

  /** Puts the check for determinism off until nothing has changed for a while. */
  function rest(): void {
    clearTimeout(calmTimer)
    if (stopped) return
    calmTimer = setTimeout(() => {
      checking = checking
        .then(checkUnchecked)
        .catch((error: unknown) => stopped || log(`The check for determinism failed. ${text(error)}`))
    }, CALM_MS)
    calmTimer.unref()
  }

  async function checkUnchecked(): Promise<void> {
    const unchecked = reports.files.filter((file) => {
      const outcome = reports.outcome(file)
      return outcome?.type === 'parsed' && !checked.has(`${file} ${outcome.bundleHash}`)
    })
    if (unchecked.length === 0) return
    await idle.during(() => checkStabilityOf(unchecked))
    rest()
  }

  async function checkStabilityOf(unchecked: readonly string[]): Promise<void> {
    if (running === undefined) return
    const { pool, ...context } = await running
    await pool.inFreshChild(async (parse) => {
      for (const file of unchecked.slice(0, MOST_CHECKS_PER_CHILD)) {
        const found = state?.file(file)
        const outcome = reports.outcome(file)
        if (stopped || !queue.isEmpty) return
        if (found === undefined || outcome?.type !== 'parsed') continue
        checked.add(`${file} ${outcome.bundleHash}`)
        const warning = await checkStability(found, outcome, { ...context, sdkExports }, parse)
        if (warning !== null && !stopped) reports.warn(file, outcome.bundleHash, warning)
      }
    })
  }

  function planRescan(): void {
    rescanTimer = setTimeout(() => void look().then(planRescan), options.rescanMs ?? RESCAN_MS)
    if (stopped) clearTimeout(rescanTimer)
  }

  return {
    async start() {
      running ??= open()
      const { folder, pool } = await running
      const warm = idle.during(() => pool.warmUp())
      state = createFolderState(folder, now)
      watch = watchFolder(folder, (paths) => void look(paths), log)
      await Promise.all([warm, look()])
      await queue.idle()
      if (stopped) return
      options.report({ type: 'complete', files: [...reports.files, ...notEvaluated].sort(), at: now() })
      await watch.ready
      // What changed before the watcher was ready has left no hint.
      await look()
      await queue.idle()
      planRescan()
    },
    async rescan() {
      await look()
      await queue.idle()
    },
    async stop() {
      stopped = true
      idle.stop()
      clearTimeout(rescanTimer)
      clearTimeout(calmTimer)
      queue.close()
      await watch?.close()
      await (await running?.catch(() => undefined))?.pool.stop()
      await Promise.all([queue.idle(), looking, checking])
      await endBundlerProcess()
    },
    async parseOne(file) {
      running ??= open()
      const { pool, ...context } = await running
      const found = await createFolderState(context.folder, now).find(file)
      const evaluated = idle.during(() => evaluateFile(found, { ...context, sdkExports }, pool.parse))
      const { outcome, bundle } = await evaluated
      const at = now()
      if (outcome.type === 'broken') return { report: { ...outcome, file: found.file, at }, bundle: null }
      const parsed = outcome.type === 'parsed' ? outcome : { type: 'parsed' as const, bundleHash: '', dags: [] }
      return { report: { warnings: [], ...parsed, file: found.file, at }, bundle }
    },
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
