/** An executor whose tries take a known time, so that the rate of changes is known: what runs in them is not the question. */
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type { Dispatch, Executor, ExecutorReport, TryEnded } from '../../core/ports/executor.ts'

const HOST = 'steady:1:1'

export interface SteadyTimes {
  readonly slots: number
  readonly startMs: number
  readonly runMs: number
}

/** Each try is three changes: queued, running, success. */
export function steadyExecutor(times: SteadyTimes): Executor {
  const running = new Map<string, TryKey>()
  const finished = new Map<string, TryEnded>()
  const timers = new Set<NodeJS.Timeout>()
  let report: (reports: readonly ExecutorReport[]) => void = () => {}

  function after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer)
  }

  function end(key: TryKey, startedAt: number | null, outcome: TryEnded['outcome']): void {
    if (!running.delete(tryKeyText(key))) return
    const ended: TryEnded = { type: 'ended', key, startedAt, endedAt: Date.now(), host: HOST, pid: 1, outcome }
    finished.set(tryKeyText(key), ended)
    report([ended])
  }

  function run(one: Dispatch): void {
    const { key } = one
    running.set(tryKeyText(key), key)
    after(times.startMs, () => {
      if (!running.has(tryKeyText(key))) return
      const startedAt = Date.now()
      report([{ type: 'started', key, at: startedAt, host: HOST, pid: 1 }])
      after(times.runMs, () => end(key, startedAt, { state: 'success', xcoms: [] }))
    })
  }

  return {
    host: HOST,
    slots: times.slots,
    mostAhead: 0,
    start: async (onReports) => {
      report = onReports
    },
    dispatch: (tries) => tries.forEach(run),
    cancel: (keys, { by }) => {
      for (const key of keys) {
        end(key, null, { state: 'failed', cause: { kind: 'cancelled', message: `Cancelled by ${by}`, by } })
      }
    },
    acknowledge: (keys) => {
      for (const key of keys) finished.delete(tryKeyText(key))
    },
    inventory: () => ({ running: [...running.values()], finished: [...finished.values()] }),
    stop: async () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
