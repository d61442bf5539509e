/**
 * Many deadlines on one timer. Tries mostly end long before theirs, so adding and dropping one is a set operation and
 * (nearly) never touches a timer. Monotonic time: a jump of the wall clock ends nothing.
 */
export interface Deadlines {
  /** Calls `due` once, `afterMs` from now or a little later; the returned function drops it. */
  add(afterMs: number, due: () => void): () => void
  clear(): void
}

/** A longer timeout overflows `setTimeout` and would fire at once. */
const MAX_TIMER_MS = 60_000

export function createDeadlines(): Deadlines {
  interface Entry {
    readonly at: number
    readonly due: () => void
  }
  const entries = new Set<Entry>()
  let timer: NodeJS.Timeout | null = null
  let armedFor = Number.POSITIVE_INFINITY

  function arm(at: number): void {
    if (at >= armedFor) return
    if (timer !== null) clearTimeout(timer)
    armedFor = at
    timer = setTimeout(afterReading, Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(at - performance.now()))))
    timer.unref()
  }

  /** After a blocked event loop timers come first: what children said meanwhile is read before they are judged. */
  function afterReading(): void {
    setImmediate(check)
  }

  function check(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    armedFor = Number.POSITIVE_INFINITY
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    const due: Entry[] = []
    for (const entry of entries) {
      if (entry.at <= now) due.push(entry)
      else if (entry.at < next) next = entry.at
    }
    for (const entry of due) entries.delete(entry)
    if (next < Number.POSITIVE_INFINITY) arm(next)
    for (const entry of due) entry.due()
  }

  return {
    add(afterMs, due) {
      const entry = { at: performance.now() + afterMs, due }
      entries.add(entry)
      arm(entry.at)
      return () => void entries.delete(entry)
    },
    clear() {
      entries.clear()
      if (timer !== null) clearTimeout(timer)
      timer = null
      armedFor = Number.POSITIVE_INFINITY
    },
  }
}
