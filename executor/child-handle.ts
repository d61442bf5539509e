/**
 * The host's side of one child process: one try at a time, from order to outcome. Invariant: a try given to `assign` is
 * settled exactly once, and only when nothing of it runs any more: either the child said it is clean again, or the whole
 * process tree is gone.
 */
import { randomBytes } from 'node:crypto'
import type { CauseOfDeath } from '../core/cause-of-death.ts'
import { type ChildToHost, controlPrefix, type HostToChild } from '../core/ports/child-protocol.ts'
import type { TryOutcome } from '../core/ports/executor.ts'
import { captureChild } from './capture-child.ts'
import { causeOfExit } from './cause-of-exit.ts'
import { hostLostCause, loadTimeoutCause, notStartedCause, tidyCause, timeoutCause } from './cause-texts.ts'
import type { ChildHandle, ChildHooks, ChildState } from './child-contract.ts'
import type { ChildSurroundings } from './child-surroundings.ts'
import { createMasker } from './masking.ts'
import { openChild, settledWithin } from './open-child.ts'
import { findTree, killTree, type ProcessFacts } from './process-tree.ts'
import { type DoneMessage, type RunningTry, toOrder } from './running-try.ts'
import { serveClientCall } from './serve-client-calls.ts'
import { toOutcome } from './try-outcome.ts'

/** For pipes to close after the last process is gone. */
const OUTPUT_WAIT_MS = 2_000
const POLITE_END_MS = 1_000

export function createChildHandle(around: ChildSurroundings, memoryLimitMb: number, hooks: ChildHooks): ChildHandle {
  const { options, limits, deadlines } = around
  const token = randomBytes(12).toString('hex')
  const marker = around.markerFor(token)
  const masker = createMasker()
  let state: ChildState = 'starting'
  let running: RunningTry | null = null
  let bundles: ReadonlySet<string> = new Set()
  let sentBundles = new Set<string>()
  let triesRun = 0
  let retire = false
  let everSpawned = false
  let idleSince = performance.now()
  let wasReady = false
  let burial: Promise<void> | null = null

  const opened = openChild(options, memoryLimitMb, marker)
  const { child, tree, exited, closed, exit } = opened
  const dropStartLimit = deadlines.add(limits.childStartMs, () => {
    opened.spawnError = `the child process was not ready after ${limits.childStartMs / 1_000} s`
    bury('sweep')
  })

  const capture = captureChild(child, controlPrefix(token), limits.logLineChars, masker, {
    running: () => (running?.sent === true ? running : null),
    exitCall(seq, code) {
      exit.exitCallSeq = seq
      exit.exitCallCode = code
    },
    heapExhausted() {
      exit.heapExhausted = true
    },
    outsideTries: (line) => options.onDiagnostic(`child ${child.pid ?? '?'}: ${line}`),
  })

  child.on('message', (message) => receive(message as ChildToHost))
  void exited.then(() => bury(everSpawned || state !== 'dying' ? 'sweep' : 'trust'))

  send({
    t: 'init',
    settings: {
      token,
      marker,
      dagsFolder: options.dagsFolder,
      cacheDir: around.childCacheDir,
      filesDir: options.filesDir,
      heartbeatEveryMs: options.heartbeat.everyMs,
      maxXComBytes: limits.xcomBytes,
      maxBundles: limits.bundlesPerChild,
    },
  })

  function send(message: HostToChild): void {
    // A child that is dying takes no more messages; its `exit` tells the rest.
    if (child.connected) child.send(message, () => undefined)
  }

  function receive(message: ChildToHost): void {
    if (message.t === 'ready') {
      wasReady = true
      dropStartLimit()
      opened.lastBeat = performance.now()
      if (state === 'starting') becomeIdle()
      return
    }
    if (message.t === 'late-output') {
      capture.late(message.seq, message.stream, message.text)
      return
    }
    if (message.t === 'late-error') {
      retire = true
      const text = 'An error came after this try had ended; it changes nothing for the try, but its child is replaced.'
      capture.platformLine(message.seq, 'error', `${text}\n${masker.mask(message.error.stack)}`)
      return
    }
    const current = running
    if (current === null || current.seq !== message.seq) {
      if (message.t === 'call') send({ t: 'refusal', id: message.id, message: 'the try that asks has ended' })
      return
    }
    switch (message.t) {
      case 'started':
        started(current, message.at)
        return
      case 'spawned':
        everSpawned = true
        current.hasProcesses = true
        return
      case 'deaf':
        if (current.doom !== null) bury('sweep')
        return
      case 'call': {
        const { id, call } = message
        const { key: by, context } = current.dispatch
        const { idempotencyKey } = context
        serveClientCall(call, { api: around.api, masker, values: around.values, by, idempotencyKey }).then(
          (value) => send({ t: 'reply', id, value }),
          (error: unknown) =>
            send({ t: 'refusal', id, message: error instanceof Error ? error.message : String(error) }),
        )
        return
      }
      case 'done':
        current.result = message
        capture.drained(() => {
          // User code closed a stream: nothing that a later try writes would be seen.
          if (!capture.isOpen()) retire = true
          finish(current, message)
        })
    }
  }

  function assign(next: RunningTry): void {
    state = 'busy'
    running = next
    next.seq = ++triesRun
    const hash = next.dispatch.bundleHash
    // What starts a run, or undoes one it started, runs none of the author's code.
    const { kind, trigger } = next.dispatch
    const needsBundle = kind !== 'trigger' && trigger === undefined && !bundles.has(hash)
    const values = around.values.valuesFor(next.dispatch)
    if (!needsBundle && !(values instanceof Promise)) {
      order(next, values, false)
      return
    }
    const files = needsBundle && !sentBundles.has(hash) ? around.bundles.get(hash) : null
    Promise.all([values, files]).then(
      ([known, bundle]) => {
        if (running !== next || state !== 'busy') return
        if (bundle !== null) {
          sentBundles.add(hash)
          send({ t: 'bundle', files: bundle })
        }
        order(next, known, needsBundle)
      },
      (error: unknown) => {
        if (running !== next || state !== 'busy') return
        const why = error instanceof Error ? error.message : String(error)
        giveBack(next, failure(notStartedCause(`its code or its inputs could not be had: ${why}`)))
      },
    )
  }

  function order(next: RunningTry, values: Record<string, string | null>, tellStart: boolean): void {
    next.sent = true
    capture.begin(next)
    send({ t: 'run', seq: next.seq, order: toOrder(next.dispatch, values, tellStart) })
    if (!tellStart) {
      started(next, around.now())
      return
    }
    next.drops.push(
      deadlines.add(limits.loadMs, () => {
        if (running === next && next.startedAt === null) doom(loadTimeoutCause(limits.loadMs), 'now')
      }),
    )
  }

  function started(current: RunningTry, at: number): void {
    if (current.startedAt !== null) return
    current.startedAt = at
    hooks.started(current, child.pid ?? 0)
    const limit = current.dispatch.timeoutMs
    if (limit === null) return
    current.drops.push(
      deadlines.add(limit, () => {
        if (running === current) doom(timeoutCause(limit), 'ask')
      }),
    )
  }

  function doom(cause: CauseOfDeath, how: 'ask' | 'now'): void {
    const current = running
    // Its result is here and only its last output is on the way: it has ended by itself.
    if (current === null || current.result !== null) return
    const first = current.doom === null
    current.doom ??= cause
    if (how === 'now') {
      bury('sweep')
      return
    }
    if (!current.sent) {
      // Its code or its inputs may be long in coming, or never come.
      giveBack(current, failure(current.doom))
      return
    }
    if (!first) return
    const reason = cause.kind === 'timeout' ? 'timeout' : 'cancelled'
    send({ t: 'cancel', seq: current.seq, reason, message: cause.message })
    current.drops.push(deadlines.add(options.killGraceMs, () => running === current && bury('sweep')))
  }

  /** The child has said its last word about the try. */
  function finish(current: RunningTry, message: DoneMessage): void {
    if (running !== current || current.finishing) return
    current.finishing = true
    dropDeadlines(current)
    current.startedAt = message.startedAt ?? current.startedAt
    if (message.bundles !== undefined) {
      bundles = new Set(message.bundles)
      sentBundles = new Set(message.bundles)
    }
    for (const note of message.notes) current.log.platform('warning', masker.mask(note))
    if (message.retire) retire = true
    if (message.spawned) everSpawned = true
    if (current.doom !== null) {
      bury('sweep')
      return
    }
    const outcome = decided(current, message)
    if (!(outcome instanceof Promise) && !message.spawned) {
      conclude(current, outcome)
      return
    }
    void settleLater(current, outcome, message.spawned)
  }

  function decided(current: RunningTry, { result }: DoneMessage): TryOutcome | Promise<TryOutcome> {
    current.deciding ??= toOutcome(result, current.dispatch, { api: around.api, masker, values: around.values })
    return current.deciding
  }

  async function settleLater(
    current: RunningTry,
    outcome: TryOutcome | Promise<TryOutcome>,
    spawned: boolean,
  ): Promise<void> {
    const known = await outcome
    const left = spawned && tree !== null ? (await findTree(tree)).filter((facts) => facts.pid !== tree.pid) : []
    if (left.length > 0) {
      retire = true
      const list = left.map((facts) => `${facts.name} (pid ${facts.pid})`).join(', ')
      current.log.platform('warning', `The try left processes running, which were ended: ${masker.mask(list)}.`)
    }
    if (running === current) conclude(current, known)
  }

  function conclude(current: RunningTry, outcome: TryOutcome): void {
    current.outcome = outcome
    if (retire) {
      bury('sweep')
      return
    }
    if (state === 'dying') return
    if (current.dispatch.isolation === 'process') {
      end()
      return
    }
    giveBack(current, outcome)
  }

  function giveBack(current: RunningTry, outcome: TryOutcome): void {
    settle(current, outcome)
    if (state === 'busy') becomeIdle()
  }

  function settle(current: RunningTry, outcome: TryOutcome): void {
    running = null
    dropDeadlines(current)
    if (outcome.state === 'failed') {
      const { message, stack } = outcome.cause
      current.log.platform('error', stack === undefined ? message : `${message}\n${stack}`)
    }
    hooks.settled(current, outcome, current.sent ? (child.pid ?? null) : null)
  }

  function becomeIdle(): void {
    const full = triesRun >= options.warm.maxTriesPerChild || opened.rssBytes > options.warm.maxRssMb * 1024 * 1024
    if (retire || full) {
      end()
      return
    }
    state = 'idle'
    idleSince = performance.now()
    hooks.idle(handle)
  }

  function end(): void {
    if (burial !== null) return
    state = 'dying'
    send({ t: 'end' })
    deadlines.add(POLITE_END_MS, () => bury('sweep'))
  }

  function bury(how: 'sweep' | 'trust'): void {
    burial ??= (async () => {
      state = 'dying'
      dropStartLimit()
      if (tree !== null && how === 'sweep') await killTree(tree, reportSlow)
      await exited
      if (tree !== null) await settledWithin(closed, OUTPUT_WAIT_MS)
      capture.finish()
      if (child.connected) child.disconnect()
      const current = running
      if (current !== null) settle(current, await lastOutcome(current))
      state = 'gone'
      const why = capture.stderrTail() === '' ? '' : ` Its last words: ${capture.stderrTail()}`
      const ending = exit.signal ?? `code ${exit.code}`
      hooks.gone(
        handle,
        wasReady ? null : `${opened.spawnError ?? `the child process ended (${ending}) before it was ready.`}${why}`,
      )
    })()
  }

  async function lastOutcome(current: RunningTry): Promise<TryOutcome> {
    if (current.outcome !== null) return current.outcome
    // It was gone before anybody here could decide anything.
    if (exit.leaseLost && current.result === null) return failure(hostLostCause())
    if (current.doom !== null) return failure(current.doom)
    if (!current.sent) return failure(notStartedCause('its child process ended before it was given the try.'))
    // It had said its last word: that counts, also while a large value is still being stored.
    if (current.result !== null) return decided(current, current.result)
    return failure(causeOfExit(exit, current.seq, memoryLimitMb, capture))
  }

  function failure(cause: CauseOfDeath): TryOutcome {
    return { state: 'failed', cause: tidyCause(cause, masker.mask) }
  }

  function reportSlow(left: readonly ProcessFacts[]): void {
    const list = left.map((facts) => `${facts.name} (pid ${facts.pid}, state ${facts.state})`).join(', ')
    options.onDiagnostic(
      `Processes do not die although they were sent SIGKILL: ${list}. Their try stays open until they do.`,
    )
  }

  const handle: ChildHandle = {
    pid: child.pid ?? null,
    memoryLimitMb,
    tree,
    get state() {
      return state
    },
    get triesRun() {
      return triesRun
    },
    get bundles() {
      return bundles
    },
    get running() {
      return running
    },
    get idleSince() {
      return idleSince
    },
    get lastBeat() {
      return opened.lastBeat
    },
    set lastBeat(at: number) {
      opened.lastBeat = at
    },
    get hasProcesses() {
      return running?.hasProcesses === true
    },
    get rssBytes() {
      return opened.rssBytes
    },
    assign,
    doom,
    end,
  }
  return handle
}

function dropDeadlines(running: RunningTry): void {
  for (const drop of running.drops) drop()
  running.drops.length = 0
}
