/**
 * Runs tries in this very process, by the same code as a child does, so that a test can look into the modules its Dag
 * uses. What a process gives (memory limits, a kill, isolation) is not there: a try that is cancelled or late is only told
 * so by its signal.
 */
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type { ChildResult, RunOrder } from '../../core/ports/child-protocol.ts'
import type {
  CancelReason,
  Dispatch,
  Executor,
  ExecutorReport,
  Inventory,
  TryEnded,
  TryOutcome,
} from '../../core/ports/executor.ts'
import type { AnyDag } from '../../sdk/internal.ts'
import { asCodeOf, type CurrentTry } from '../../worker/current-try.ts'
import { runTry, type TryTools } from '../../worker/run-try.ts'
import type { FaultPlan } from './faults.ts'

export interface InProcessOptions {
  readonly dags: readonly AnyDag[]
  readonly tools: TryTools
  /** Of tasks, and of their compensations. */
  readonly faults: { readonly tasks: FaultPlan; readonly compensations: FaultPlan }
  now(): number
  /** JSON text of the return value of a try, or `null`. */
  returnValue(key: TryKey): string | null
  /** Before the try begins. */
  onBegin(seq: number, dispatch: Dispatch): void
}

interface Running {
  readonly dispatch: Dispatch
  readonly abort: AbortController
  readonly cancelled: PromiseWithResolvers<CauseOfDeath>
}

export class InProcessExecutor implements Executor {
  readonly host = 'in-process:0:0'
  readonly slots = 1_000
  readonly mostAhead = 0
  readonly #options: InProcessOptions
  readonly #running = new Map<string, Running>()
  readonly #finished = new Map<string, TryEnded>()
  #report: (reports: readonly ExecutorReport[]) => void = () => {}
  #seq = 0
  #ended = Promise.withResolvers<void>()

  constructor(options: InProcessOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#running.size === 0
  }

  /** The next end of a try. */
  nextEnd(): Promise<void> {
    return this.#ended.promise
  }

  async start(report: (reports: readonly ExecutorReport[]) => void): Promise<void> {
    this.#report = report
  }

  dispatch(tries: readonly Dispatch[]): void {
    for (const dispatch of tries) {
      const running = { dispatch, abort: new AbortController(), cancelled: Promise.withResolvers<CauseOfDeath>() }
      this.#running.set(tryKeyText(dispatch.key), running)
      // Reports never come before `dispatch` has returned.
      setImmediate(() => void this.#run(running))
    }
  }

  cancel(keys: readonly TryKey[], reason: CancelReason): void {
    if (reason.ifWaiting === true) return
    for (const key of keys) {
      const running = this.#running.get(tryKeyText(key))
      if (running === undefined) continue
      const message = `It was cancelled by ${reason.by}.`
      running.abort.abort(new Error(message))
      running.cancelled.resolve({ kind: 'cancelled', message, by: reason.by })
    }
  }

  acknowledge(keys: readonly TryKey[]): void {
    for (const key of keys) this.#finished.delete(tryKeyText(key))
  }

  inventory(): Inventory {
    return {
      running: [...this.#running.values()].map(({ dispatch }) => dispatch.key),
      finished: [...this.#finished.values()],
    }
  }

  async stop(_graceMs: number, reason: CancelReason): Promise<void> {
    this.cancel(this.inventory().running, reason)
    while (!this.isIdle) await this.nextEnd()
  }

  async #run(running: Running): Promise<void> {
    const { dispatch } = running
    const startedAt = this.#options.now()
    this.#report([{ type: 'started', key: dispatch.key, at: startedAt, host: this.host, pid: process.pid }])
    const outcome = await this.#outcome(running)
    const text = tryKeyText(dispatch.key)
    const ended: TryEnded = {
      type: 'ended',
      key: dispatch.key,
      startedAt,
      endedAt: this.#options.now(),
      host: this.host,
      pid: process.pid,
      outcome,
    }
    this.#running.delete(text)
    this.#finished.set(text, ended)
    this.#report([ended])
    const waiters = this.#ended
    this.#ended = Promise.withResolvers()
    waiters.resolve()
  }

  async #outcome(running: Running): Promise<TryOutcome> {
    const { faults } = this.#options
    const { dispatch, abort, cancelled } = running
    const fault = (dispatch.kind === 'compensation' ? faults.compensations : faults.tasks).next(dispatch.taskId)
    if (fault === 'before') return madeToFail('before it began')
    const { timeoutMs } = dispatch
    const timer =
      timeoutMs === null
        ? null
        : setTimeout(() => {
            const message = `It ran longer than its timeout of ${timeoutMs} ms.`
            abort.abort(new Error(message))
            cancelled.resolve({ kind: 'timeout', message })
          }, timeoutMs)
    try {
      const doomed = cancelled.promise.then((cause): TryOutcome => ({ state: 'failed', cause }))
      const outcome = await Promise.race([this.#runHandler(running), doomed])
      return fault === 'after' && outcome.state !== 'failed' ? madeToFail('after it had done its work') : outcome
    } finally {
      if (timer !== null) clearTimeout(timer)
    }
  }

  async #runHandler({ dispatch, abort }: Running): Promise<TryOutcome> {
    const { dags, tools, onBegin } = this.#options
    const seq = ++this.#seq
    onBegin(seq, dispatch)
    const current: CurrentTry = {
      seq,
      order: this.#orderOf(dispatch),
      abort,
      signalRead: false,
      startedAt: this.#options.now(),
      spawned: false,
      crash: null,
    }
    const asWritten = {
      dags,
      mapStack: (stack: string) => stack,
      positionOf: () => null,
      placeIn: () => null,
    }
    const result = await asCodeOf(current, () => runTry(current, { loaded: asWritten, environment: {} }, tools))
    return outcomeOf(result)
  }

  #orderOf(dispatch: Dispatch): RunOrder {
    const { returnValue } = this.#options
    const { key, dagRunId: _id, epoch: _epoch, upstreamTries, ...order } = dispatch
    const { taskId, compensation } = order
    const own = compensation === undefined ? {} : { [taskId]: compensation.forwardTry }
    const tries = Object.entries({ ...upstreamTries, ...own })
    const values = Object.fromEntries(tries.map(([id, one]) => [id, returnValue(one)]))
    return { ...order, tryNumber: key.tryNumber, values, tellStart: false }
  }
}

function outcomeOf(result: ChildResult): TryOutcome {
  if (result.state === 'skipped') return result
  if (result.state === 'failed') return { state: 'failed', cause: { kind: result.kind, ...result.error } }
  const { json, followed } = result
  const xcoms = json === null ? [] : [{ key: 'return_value', json, stored: false }]
  return { state: 'success', xcoms, ...(followed === undefined ? {} : { followed }) }
}

function madeToFail(when: string): TryOutcome {
  return { state: 'failed', cause: { kind: 'error', message: `The test made it fail ${when}.` } }
}
