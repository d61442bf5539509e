/** An executor whose tries take a known time, so that the rate of changes is known: what runs in them is not the question. */
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type { Dispatch, Executor, ExecutorReport, TryEnded } from '../../core/ports/executor.ts'

const HOST = 'steady:1:1'

export interface SteadyTimes {
  readonly slots: number
  readonly startMs: number
  readonly runMs: number
}

/** Each try is three changes: queued, running, ended. `fails` says which tries do. */
export function steadyExecutor(times: SteadyTimes, fails: (one: Dispatch) => boolean = () => false): Executor {
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

  function run(one: Dispatch): void {
    const { key } = one
    running.set(tryKeyText(key), key)
    after(times.startMs, () => {
      const startedAt = Date.now()
      report([{ type: 'started', key, at: startedAt, host: HOST, pid: 1 }])
      after(times.runMs, () => {
        const endedAt = Date.now()
        const outcome = fails(one)
          ? ({ state: 'failed', cause: { kind: 'error', message: 'Error: it was told to' } } as const)
          : ({ state: 'success', xcoms: [] } as const)
        const ended: TryEnded = { type: 'ended', key, startedAt, endedAt, host: HOST, pid: 1, outcome }
        running.delete(tryKeyText(key))
        finished.set(tryKeyText(key), ended)
        report([ended])
      })
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
    cancel: () => {},
    acknowledge: (keys) => {
      for (const key of keys) finished.delete(tryKeyText(key))
    },
    inventory: () => ({ running: [...running.values()], finished: [...finished.values()] }),
    stop: async () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
