/**
 * The program of a run child: waits for orders from its host, runs one try at a time, and is between two tries the same
 * process as before the first. What cannot be put back is reported with the result, and the host replaces this process.
 */
import { Worker } from 'node:worker_threads'
import {
  type ChildResult,
  type ChildSettings,
  HEARTBEAT_FD,
  type HostToChild,
  type RunOrder,
} from '../core/ports/child-protocol.ts'
import { asCodeOf, beginTry, type CurrentTry, endTry, runningTry, tryOfThisCode } from './current-try.ts'
import { errorFacts } from './error-facts.ts'
import type { HeartbeatData } from './heartbeat-thread.ts'
import { createHeldBundles, type HeldBundle, type HeldBundles } from './held-bundles.ts'
import { openHostChannel } from './host-channel.ts'
import { countResources, findLeftovers } from './leftover-resources.ts'
import { BundleLoadError } from './load-bundle.ts'
import { noticeProcesses } from './notice-processes.ts'
import { takeOverOutput } from './own-output.ts'
import { type ProcessBaseline, rememberProcess } from './process-baseline.ts'
import { failureOf, runTry, type TryTools } from './run-try.ts'
import { createHostCalls } from './task-client.ts'

interface Ready {
  readonly settings: ChildSettings
  readonly bundles: HeldBundles
  readonly baseline: ProcessBaseline
  readonly tools: TryTools
}

const channel = openHostChannel(receive)
const calls = createHostCalls(channel)
let ready: Ready | null = null
let askedToEnd = false
/** A late error was seen: this process is not to be trusted with another try. */
let soiled = false

function receive(message: HostToChild): void {
  switch (message.t) {
    case 'init':
      begin(message.settings)
      return
    case 'bundle':
      ready?.bundles.announce(message.files)
      return
    case 'run': {
      const { seq, order } = message
      const abort = new AbortController()
      const current: CurrentTry = { seq, order, abort, signalRead: false, startedAt: null, spawned: false, crash: null }
      if (ready === null) return
      const tools = ready
      beginTry(current)
      void asCodeOf(current, () => perform(current, tools))
      return
    }
    case 'cancel':
      cancel(message.seq, message.reason, message.message)
      return
    case 'reply':
      calls.reply(message.id, message.value)
      return
    case 'refusal':
      calls.refuse(message.id, message.message)
      return
    case 'end':
      askedToEnd = true
      process.exit(0)
  }
}

function begin(settings: ChildSettings): void {
  const output = takeOverOutput(settings.token, channel)
  startHeartbeat(settings)
  noticeProcesses(() => {
    const owner = tryOfThisCode()
    if (owner === null || owner.spawned) return
    owner.spawned = true
    channel.send({ t: 'spawned', seq: owner.seq })
  })
  process.on('uncaughtException', unexpected)
  process.on('unhandledRejection', unexpected)
  process.on('exit', (code) => {
    const owner = tryOfThisCode()
    if (owner !== null && !askedToEnd) output.markExit(owner.seq, code)
  })
  const bundles = createHeldBundles(settings)
  ready = { settings, bundles, baseline: rememberProcess(), tools: { settings, output, calls } }
  channel.send({ t: 'ready' })
}

function startHeartbeat(settings: ChildSettings): void {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const workerData: HeartbeatData = {
    fd: HEARTBEAT_FD,
    everyMs: settings.heartbeatEveryMs,
    marker: settings.marker,
  }
  const thread = new Worker(new URL(`./heartbeat-thread.${extension}`, import.meta.url), {
    workerData,
    execArgv: [],
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  })
  thread.on('error', (error) => {
    // Without it nobody would notice that the host is gone.
    process.stderr.write(`The heartbeat thread failed, so this process ends: ${error.message}\n`)
    process.kill(process.pid, 'SIGKILL')
  })
  thread.unref()
}

async function perform(current: CurrentTry, { bundles, baseline, tools }: Ready): Promise<void> {
  const { order, seq } = current
  let bundle: HeldBundle | null = null
  let result: ChildResult | null = null
  let loadedNow = false
  if (order.kind !== 'trigger' && order.trigger === undefined) {
    bundle = bundles.get(order.bundleHash) ?? null
    if (bundle === null) {
      loadedNow = true
      try {
        bundle = await bundles.load(order.bundleHash)
        bundle.environment = baseline.takeEnvironmentChange()
      } catch (error) {
        result = loadFailure(error)
        soiled = true
      }
    }
  }
  baseline.enter({ ...bundle?.environment, ...environmentOf(order) })
  const resources = countResources()
  if (result === null) {
    current.startedAt = Date.now()
    if (loadedNow || order.tellStart) channel.send({ t: 'started', seq, at: current.startedAt })
    result = await runTry(current, bundle, tools)
  }
  const notes = tidyUp(baseline, await findLeftovers(resources))
  endTry()
  channel.send({
    t: 'done',
    seq,
    startedAt: current.startedAt,
    result,
    notes,
    retire: soiled,
    spawned: current.spawned,
    ...(loadedNow ? { bundles: bundles.hashes() } : {}),
  })
}

/** For whatever the try starts: programs it calls can say for which run they work. */
function environmentOf({ runId, context }: RunOrder): Readonly<Record<string, string>> {
  return { TRADEWIND_RUN_ID: runId, TRADEWIND_CORRELATION_ID: context.correlationId ?? runId }
}

function tidyUp(baseline: ProcessBaseline, leftovers: readonly string[]): string[] {
  const notes: string[] = []
  if (leftovers.length > 0) {
    soiled = true
    notes.push(
      `The try left open: ${leftovers.join(', ')}. Its process is replaced, which takes time: ` +
        'clear timers, close servers, sockets and clients before the handler returns.',
    )
  }
  let changed: string[]
  try {
    changed = baseline.leave()
  } catch (error) {
    soiled = true
    return [...notes, `The process could not be put back as it was (${String(error)}) and is replaced.`]
  }
  if (changed.length > 0) notes.push(`The try changed ${changed.join(' and ')}; that was put back for the next one.`)
  return notes
}

function loadFailure(error: unknown): ChildResult {
  if (error instanceof BundleLoadError) {
    const { mapStack } = error.sources
    const failure = failureOf(error.cause, mapStack)
    if (failure.state !== 'failed') return failure
    const message = `The Dag file threw when it was loaded: ${failure.error.message}`
    return { ...failure, error: { ...failure.error, message } }
  }
  const failure = failureOf(error, (stack) => stack)
  return failure.state === 'failed' ? { ...failure, kind: 'not-started' } : failure
}

function cancel(seq: number, reason: 'cancelled' | 'timeout', message: string): void {
  const current = runningTry()
  if (current === null || current.seq !== seq) return
  if (!current.signalRead) {
    channel.send({ t: 'deaf', seq })
    return
  }
  const error = new DOMException(message, reason === 'timeout' ? 'TimeoutError' : 'AbortError')
  asCodeOf(current, () => current.abort.abort(error))
}

/** An error nobody caught: it ends the try it stems from, or, if that has ended, is told to that try's log. */
function unexpected(error: unknown): void {
  soiled = true
  const owner = tryOfThisCode()
  if (owner === null) {
    process.stderr.write(`Uncaught outside of any try: ${errorFacts(error, (stack) => stack).stack}\n`)
    return
  }
  if (owner.crash !== null) {
    owner.crash(error)
    return
  }
  const mapStack = ready?.bundles.get(owner.order.bundleHash)?.loaded.mapStack ?? ((stack: string) => stack)
  channel.send({ t: 'late-error', seq: owner.seq, error: errorFacts(error, mapStack) })
}
