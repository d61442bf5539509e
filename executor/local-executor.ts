/**
 * The executor of one machine: tries run in warm child processes of this program. It keeps the rules of
 * `core/ports/executor.ts`; children never outlive it, and what an earlier program with the same cache folder left
 * behind is ended before the first try.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CauseOfDeath } from '../core/cause-of-death.ts'
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type { CancelReason, Dispatch, Executor, TryOutcome } from '../core/ports/executor.ts'
import { createBundleCache } from './bundle-cache.ts'
import { cancelledCause, notStartedCause } from './cause-texts.ts'
import type { ChildHandle } from './child-contract.ts'
import { type ChildPool, createChildPool } from './child-pool.ts'
import { createDeadlines } from './deadlines.ts'
import { createDispatchQueue } from './dispatch-queue.ts'
import { hostName } from './host-name.ts'
import { LOCAL_LIMITS, type LocalExecutorOptions } from './local-options.ts'
import { foldersOf, prepareFolders } from './prepare-folders.ts'
import { childMarker, killOrphans } from './process-tree.ts'
import { createReportOutbox } from './report-outbox.ts'
import { createRunningTry, type RunningTry } from './running-try.ts'
import { createTryLog } from './try-log.ts'
import { createUpstreamValues } from './upstream-values.ts'
import { watchChildren } from './watch-children.ts'

const TRIM_EVERY_MS = 1_000
/** Enough to keep every slot busy with the shortest tries while a commit is under way. */
const AHEAD_PER_SLOT = 8
const STOPPED = 'The try did not start: this host was stopped before its turn came.'

export function createLocalExecutor(options: LocalExecutorOptions): Executor {
  const now = options.clock?.now ?? Date.now
  const limits = { ...LOCAL_LIMITS, ...options.limits }
  const host = hostName(now())
  const scope = createHash('sha256').update(resolve(options.cacheDir)).digest('hex').slice(0, 16)
  const outbox = createReportOutbox(options.onDiagnostic)
  const queue = createDispatchQueue()
  const deadlines = createDeadlines()
  const values = createUpstreamValues(options.api)
  /** Tries with a slot, by key. */
  const running = new Map<string, RunningTry>()
  const stops: (() => void)[] = []
  const emptied = Promise.withResolvers<void>()
  let pool: ChildPool | null = null
  let highestEpoch = 0
  let stopping: Promise<void> | null = null
  let stoppedCause: CauseOfDeath = notStartedCause(STOPPED)
  let whenNothingRuns: (() => void) | null = null

  function logOf(dispatch: Dispatch) {
    const { key, dagId, runId, taskId, mapIndex, context } = dispatch
    const { correlationId } = context
    const address = { ...key, dagId, runId, taskId, mapIndex, correlationId }
    return createTryLog(options.logs, address, limits.logCharsPerTry, now)
  }

  /** For a try that never had a child. */
  function endUnstarted(dispatch: Dispatch, cause: CauseOfDeath): void {
    logOf(dispatch).platform('error', cause.message)
    report(dispatch.key, null, null, { state: 'failed', cause })
  }

  function report(key: TryKey, startedAt: number | null, pid: number | null, outcome: TryOutcome): void {
    outbox.send({ type: 'ended', key, startedAt, endedAt: now(), host, pid, outcome })
  }

  function accept(dispatch: Dispatch): void {
    const key = tryKeyText(dispatch.key)
    if (running.has(key) || queue.has(key)) {
      options.onDiagnostic(`The try ${key} was dispatched again while it is here; the second dispatch is ignored.`)
      return
    }
    const finished = outbox.finished(dispatch.key)
    if (finished !== undefined) {
      outbox.send(finished)
      return
    }
    if (dispatch.epoch < highestEpoch) {
      const why = `it was dispatched by a scheduler of epoch ${dispatch.epoch}, but one of epoch ${highestEpoch} leads.`
      endUnstarted(dispatch, notStartedCause(why))
      return
    }
    highestEpoch = dispatch.epoch
    if (stopping !== null) {
      endUnstarted(dispatch, stoppedCause)
      return
    }
    queue.push(dispatch)
  }

  async function start(): Promise<void> {
    const orphans = await killOrphans(scope)
    if (orphans.length > 0) {
      const list = orphans.map((facts) => `${facts.name} (pid ${facts.pid})`).join(', ')
      options.onDiagnostic(`Ended processes an earlier program left behind: ${list}.`)
    }
    const marker = await childMarker(scope, '')
    const folders = foldersOf(options)
    for (const folder of [folders.bundles, folders.loaded]) await rm(folder, { recursive: true, force: true })
    await prepareFolders(options)
    const bundles = createBundleCache({
      api: options.api,
      folder: folders.bundles,
      maxBytes: limits.bundleCacheBytes,
      restoreFolders: () => prepareFolders(options),
    })
    const around = {
      options,
      limits,
      api: options.api,
      bundles,
      values,
      deadlines,
      childCacheDir: folders.loaded,
      markerFor: (token: string) => `${marker}${token}`,
      now,
    }
    pool = createChildPool(around, queue, {
      begin(dispatch) {
        const entry = createRunningTry(dispatch, logOf(dispatch))
        running.set(tryKeyText(dispatch.key), entry)
        return entry
      },
      started(entry, pid) {
        outbox.send({ type: 'started', key: entry.dispatch.key, at: entry.startedAt ?? now(), host, pid })
      },
      settled(entry, outcome, pid) {
        running.delete(tryKeyText(entry.dispatch.key))
        report(entry.dispatch.key, entry.startedAt, pid, outcome)
        if (running.size === 0) whenNothingRuns?.()
      },
      cannotStart(dispatch, why) {
        queue.remove(tryKeyText(dispatch.key))
        endUnstarted(dispatch, notStartedCause(why))
      },
      empty: () => emptied.resolve(),
    })
    const { children } = pool
    stops.push(
      watchChildren({
        children,
        everyMs: limits.memoryCheckEveryMs,
        beatLostAfterMs: options.heartbeat.lostAfterMs,
      }),
    )
    const trimmer = setInterval(() => pool?.trim(), Math.min(TRIM_EVERY_MS, options.warm.idleMs))
    trimmer.unref()
    stops.push(() => clearInterval(trimmer))
  }

  function childOf(entry: RunningTry): ChildHandle | undefined {
    for (const child of pool?.children ?? []) if (child.running === entry) return child
    return undefined
  }

  function cancelAll(keys: Iterable<string>, reason: CancelReason): void {
    for (const key of keys) {
      const waiting = queue.remove(key)
      if (waiting !== undefined) {
        endUnstarted(waiting, cancelledCause(reason.by))
        continue
      }
      const entry = reason.ifWaiting === true ? undefined : running.get(key)
      if (entry !== undefined) childOf(entry)?.doom(cancelledCause(reason.by), reason.atOnce === true ? 'now' : 'ask')
    }
  }

  async function stop(graceMs: number, reason: CancelReason): Promise<void> {
    // Like those that run, they are cancelled by whoever stops the host: it is no loss that counts against them.
    stoppedCause = { ...cancelledCause(reason.by), message: STOPPED }
    for (const dispatch of queue.all()) {
      queue.remove(tryKeyText(dispatch.key))
      endUnstarted(dispatch, stoppedCause)
    }
    if (running.size > 0 && graceMs > 0) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((done) => {
        whenNothingRuns = done
        timer = setTimeout(done, graceMs)
      })
      clearTimeout(timer)
    }
    cancelAll([...running.keys()], reason)
    if (pool !== null) {
      pool.close()
      await emptied.promise
    }
    for (const end of stops) end()
    deadlines.clear()
    outbox.flush()
  }

  return {
    host,
    slots: options.slots,
    mostAhead: options.slots * AHEAD_PER_SLOT,
    async start(receive) {
      await start()
      outbox.open(receive)
      pool?.serve()
    },
    dispatch(tries) {
      for (const dispatch of tries) accept(dispatch)
      pool?.serve()
    },
    cancel(keys, reason) {
      cancelAll(keys.map(tryKeyText), reason)
    },
    acknowledge: (keys) => outbox.acknowledge(keys),
    inventory() {
      const waiting = queue.all().map((dispatch) => dispatch.key)
      return {
        running: [...waiting, ...[...running.values()].map((entry) => entry.dispatch.key)],
        finished: outbox.allFinished(),
      }
    },
    stop(graceMs, reason) {
      stopping ??= stop(graceMs, reason)
      return stopping
    },
  }
}
