/**
 * Keeps V8 from spreading the scheduler's short-lived objects over more and more memory. Under load its young generation
 * grows to more than 100 MB and never shrinks again, though what lives is a fifth of that. It may grow until it is large
 * enough for ticks of thousands of rows; then its growth ends, for good.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Both halves. Smaller, and collecting costs noticeably more of a busy tick. */
const ENOUGH_BYTES = 8 * 1024 * 1024

export function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    if (young === undefined || young.space_size < ENOUGH_BYTES) return
    // Read at each growth, so it may be set while the program runs.
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}
