/**
 * The children of one executor: how many there are, which of them takes which try, and when one is ended. Invariants: no
 * more tries run than `slots`; a try of `isolation: 'process'` gets a child that has run nothing and is ended after it;
 * a child serves only tries with the memory limit it was started with.
 */
import type { Dispatch } from '../core/ports/executor.ts'
import type { ChildHandle, ChildHooks } from './child-contract.ts'
import { createChildHandle } from './child-handle.ts'
import type { ChildSurroundings } from './child-surroundings.ts'
import type { DispatchQueue } from './dispatch-queue.ts'
import type { RunningTry } from './running-try.ts'

export interface PoolHooks extends Pick<ChildHooks, 'settled' | 'started'> {
  /** The try leaves the queue. */
  begin(dispatch: Dispatch): RunningTry
  /** No child comes up. */
  cannotStart(dispatch: Dispatch, why: string): void
  /** Closed, and the last process is gone. */
  empty(): void
}

export interface ChildPool {
  readonly children: ReadonlySet<ChildHandle>
  /** Gives waiting tries to children, and starts children where that pays. */
  serve(): void
  /** Ends idle children that are too many or too old. */
  trim(): void
  /** From now on idle children are ended and none is started. */
  close(): void
}

/** A child costs 45 ms of CPU; a busy one may be free much sooner. */
const START_AFTER_MS = 4
/** At once: starting more only makes each of them late. */
const MAX_STARTING = 4
/** Children that die before they are ready, one after the other, before tries are refused: about 5 s with the pauses. */
const MAX_START_FAILURES = 7
/** After a failed start, doubled for each further one: a machine short of processes or memory is not hurried. */
const START_PAUSE_MS = 100
const MAX_START_PAUSE_MS = 2_000

export function createChildPool(around: ChildSurroundings, queue: DispatchQueue, hooks: PoolHooks): ChildPool {
  const { options } = around
  const children = new Set<ChildHandle>()
  let startFailures = 0
  /** Monotonic. */
  let startPausedUntil = 0
  let closing = false
  let isolationWanted = false
  let startTimer: NodeJS.Timeout | null = null

  const childHooks: ChildHooks = {
    started: hooks.started,
    settled: hooks.settled,
    idle(child) {
      if (child.triesRun === 0) {
        startFailures = 0
        startPausedUntil = 0
      }
      if (closing) child.end()
      else serve()
    },
    gone(child, startFailure) {
      children.delete(child)
      if (startFailure !== null && !closing) startFailed(startFailure)
      if (closing && children.size === 0) hooks.empty()
      serve()
    },
  }

  function startFailed(why: string): void {
    // Of several that were started at once the first counts; the others say nothing new.
    if (performance.now() < startPausedUntil) return
    startFailures++
    startPausedUntil = performance.now() + Math.min(MAX_START_PAUSE_MS, START_PAUSE_MS * 2 ** (startFailures - 1))
    options.onDiagnostic(`A child process could not be started: ${why}`)
    if (startFailures >= MAX_START_FAILURES) refuseWhoMustWait(why)
  }

  /** Refuses tries that only a new child could run; the others have their turn with the children that are there. */
  function refuseWhoMustWait(why: string): void {
    for (const dispatch of queue.all()) {
      let hope = false
      for (const child of children) {
        hope ||= (child.state === 'idle' || child.state === 'busy') && suits(child, dispatch)
      }
      if (!hope) hooks.cannotStart(dispatch, `no child process can be started: ${why}`)
    }
  }

  function limitOf(dispatch: Dispatch): number {
    return dispatch.memoryLimitMb ?? options.defaults.memoryLimitMb
  }

  function suits(child: ChildHandle, dispatch: Dispatch): boolean {
    if (child.memoryLimitMb !== limitOf(dispatch)) return false
    return dispatch.isolation === 'warm' || child.triesRun === 0
  }

  function occupied(): number {
    let count = 0
    for (const child of children) if (child.running !== null) count++
    return count
  }

  function serve(): void {
    if (queue.size === 0) return
    let free = options.slots - occupied()
    for (const child of children) {
      if (free <= 0 || queue.size === 0) return
      if (child.state !== 'idle') continue
      const dispatch = queue.take(
        (candidate) => suits(child, candidate),
        (candidate) => child.bundles.has(candidate.bundleHash),
      )
      if (dispatch === undefined) continue
      if (dispatch.isolation === 'process') isolationWanted = true
      free--
      child.assign(hooks.begin(dispatch))
    }
    if (queue.size === 0 || closing) return
    const pause = startPausedUntil - performance.now()
    if (children.size === 0 && pause <= 0) startChildren()
    else planStart(Math.max(START_AFTER_MS, pause))
  }

  function planStart(afterMs: number): void {
    startTimer ??= setTimeout(startChildren, afterMs)
  }

  /** For what still waits: as many as it needs and slots allow, making room where only unsuitable idle children are. */
  function startChildren(): void {
    startTimer = null
    if (closing || queue.size === 0) return
    const pause = startPausedUntil - performance.now()
    if (pause > 0) {
      planStart(pause)
      return
    }
    let starting = 0
    let alive = 0
    const coming = new Map<number, number>()
    for (const child of children) {
      if (child.state === 'gone' || child.state === 'dying') continue
      alive++
      if (child.state === 'starting') {
        starting++
        coming.set(child.memoryLimitMb, (coming.get(child.memoryLimitMb) ?? 0) + 1)
      }
    }
    let room = options.slots - alive
    for (const dispatch of queue.peek(options.slots)) {
      if (starting >= MAX_STARTING) break
      const limit = limitOf(dispatch)
      const promised = coming.get(limit) ?? 0
      if (promised > 0) {
        coming.set(limit, promised - 1)
        continue
      }
      if (room <= 0 && !endUnsuitable(dispatch)) break
      room--
      starting++
      if (!start(limit)) break
    }
  }

  /** Ends the idle child that has been idle longest, if it cannot serve this try. */
  function endUnsuitable(dispatch: Dispatch): boolean {
    let oldest: ChildHandle | null = null
    for (const child of children) {
      if (child.state !== 'idle' || suits(child, dispatch)) continue
      if (oldest === null || child.idleSince < oldest.idleSince) oldest = child
    }
    oldest?.end()
    return oldest !== null
  }

  function start(memoryLimitMb: number): boolean {
    try {
      children.add(createChildHandle(around, memoryLimitMb, childHooks))
      return true
    } catch (error) {
      // `spawn` throws some of what the operating system says (no memory, no permission), and emits the rest.
      startFailed(error instanceof Error ? error.message : String(error))
      planStart(START_PAUSE_MS)
      return false
    }
  }

  /** For the next isolated try, a child that is up already. */
  function keepSpare(): void {
    if (performance.now() < startPausedUntil) return
    const limit = options.defaults.memoryLimitMb
    for (const child of children) {
      const fresh = child.state === 'starting' || (child.state === 'idle' && child.triesRun === 0)
      if (fresh && child.memoryLimitMb === limit) return
    }
    start(limit)
  }

  return {
    children,
    serve,
    trim() {
      const idle = [...children].filter((child) => child.state === 'idle')
      // The ones used last are kept: their code is in the caches.
      idle.sort((a, b) => b.idleSince - a.idleSince)
      const now = performance.now()
      for (const child of idle.slice(options.warm.maxIdle)) if (now - child.idleSince > options.warm.idleMs) child.end()
      if (isolationWanted && !closing && queue.size === 0) keepSpare()
    },
    close() {
      closing = true
      if (startTimer !== null) clearTimeout(startTimer)
      startTimer = null
      for (const child of children) if (child.state === 'idle' || child.state === 'starting') child.end()
      if (children.size === 0) hooks.empty()
    },
  }
}
