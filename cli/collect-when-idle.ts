/**
 * Gives memory back when a thread has nothing to do any more. V8 collects as new objects need room, so what was used for a
 * parse of thousands of tasks, or for the last backlog, stays with an idle program for good: 152 MB where 115 are enough.
 * Once for each change from busy to idle, the thread it is called in is collected completely. While a collection lasts the
 * thread does nothing else, somewhat less than a millisecond for each megabyte that lives; of a large heap nothing is given back.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How long the thread has to be idle, and the share of that time in which it may do something all the same. */
const LOOK_EVERY_MS = 10_000
const IDLE_SHARE = 0.05
/** From here on it is busy again. Apart from the other: a thread in between is not collected over and over. */
const BUSY_SHARE = 0.1
const LARGEST_HEAP_BYTES = 200 * 1024 * 1024

/** Returns what ends it. */
export function collectWhenIdle(lookEveryMs = LOOK_EVERY_MS, largestHeapBytes = LARGEST_HEAP_BYTES): () => void {
  const becomesIdle = noticeIdle()
  let before: EventLoopUtilization = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (becomesIdle(utilization) && getHeapStatistics().used_heap_size < largestHeapBytes) collect()
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** Told the share of each period in which a thread did something, answers whether it has become idle in this one. */
export function noticeIdle(): (share: number) => boolean {
  // It has just been started, which is work.
  let wasBusy = true
  return (share) => {
    const isIdle = share < IDLE_SHARE
    const becomesIdle = wasBusy && isIdle
    wasBusy = wasBusy ? !isIdle : share > BUSY_SHARE
    return becomesIdle
  }
}

function collect(): void {
  // Only contexts that are made while the flag is set have the function; nothing else in the program sees it.
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  gc()
}
