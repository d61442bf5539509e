/**
 * Files waiting to be looked at, at most two at once, in order of name. A file asked for again while it is being looked
 * at is looked at once more afterwards, never twice at the same time.
 */
export interface EvaluationQueue {
  add(file: string): void
  /** No longer wanted, if it has not begun. */
  drop(file: string): void
  readonly isEmpty: boolean
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>
  /** Nothing more begins. */
  close(): void
}

const AT_ONCE = 2

/** `evaluate` must not reject. */
export function createEvaluationQueue(evaluate: (file: string) => Promise<void>): EvaluationQueue {
  const waiting = new Set<string>()
  const running = new Set<string>()
  let closed = false
  let onIdle: (() => void)[] = []

  function begin(): void {
    for (const file of [...waiting].sort()) {
      if (closed || running.size >= AT_ONCE) break
      if (running.has(file)) continue
      waiting.delete(file)
      running.add(file)
      void evaluate(file).then(() => {
        running.delete(file)
        begin()
      })
    }
    if (running.size > 0 || (waiting.size > 0 && !closed)) return
    const resolved = onIdle
    onIdle = []
    for (const resolve of resolved) resolve()
  }

  return {
    add(file) {
      waiting.add(file)
      begin()
    },
    drop: (file) => void waiting.delete(file),
    get isEmpty() {
      return waiting.size === 0 && running.size === 0
    },
    idle() {
      if (running.size === 0 && (waiting.size === 0 || closed)) return Promise.resolve()
      return new Promise((resolve) => onIdle.push(resolve))
    },
    close() {
      closed = true
      waiting.clear()
    },
  }
}
