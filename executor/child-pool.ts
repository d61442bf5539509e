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
/** Children that die before they are ready, one after the other, before tries are refused. */
const MAX_START_FAILURES = 3

export function createChildPool(around: ChildSurroundings, queue: DispatchQueue, hooks: PoolHooks): ChildPool {
  const { options } = around
  const children = new Set<ChildHandle>()
  let startFailures = 0
  let closing = false
  let isolationWanted = false
  let startTimer: NodeJS.Timeout | null = null

  const childHooks: ChildHooks = {
    started: hooks.started,
    settled: hooks.settled,
    idle(child) {
      startFailures = 0
      if (closing) child.end()
      else serve()
    },
    gone(child, startFailure) {
      children.delete(child)
      if (startFailure !== null && !closing) {
        startFailures++
        around.options.onDiagnostic(`A child process could not be started: ${startFailure}`)
        if (startFailures >= MAX_START_FAILURES) refuseAll(startFailure)
      }
      if (closing && children.size === 0) hooks.empty()
      serve()
    },
  }

  function refuseAll(why: string): void {
    for (const dispatch of queue.all()) hooks.cannotStart(dispatch, `no child process can be started: ${why}`)
    startFailures = 0
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
    if (children.size === 0) startChildren()
    else startTimer ??= setTimeout(startChildren, START_AFTER_MS)
  }

  /** For what still waits: as many as it needs and slots allow, making room where only unsuitable idle children are. */
  function startChildren(): void {
    startTimer = null
    if (closing) return
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
      start(limit)
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

  function start(memoryLimitMb: number): void {
    children.add(createChildHandle(around, memoryLimitMb, childHooks))
  }

  /** For the next isolated try, a child that is up already. */
  function keepSpare(): void {
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
