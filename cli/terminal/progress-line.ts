/** One line on standard error while something long runs; only on a terminal, gone when it is done. */

export interface ProgressTarget {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface Progress {
  /** Replaces the text. */
  say(text: string): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const EVERY_MS = 120
/** What is over sooner needs no line. */
const PATIENCE_MS = 300

/** Runs `work` with a line that shows `text` and how long it has been going on. */
export async function withProgress<T>(
  target: ProgressTarget,
  text: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (target.isTTY !== true) return work({ say: () => {} })
  const began = performance.now()
  let said = text
  let frame = 0
  let drawn = false
  const timer = setInterval(() => {
    const waited = performance.now() - began
    if (waited < PATIENCE_MS) return
    const line = `${FRAMES[frame++ % FRAMES.length]} ${said} (${Math.floor(waited / 1_000)} s)`
    target.write(`\r\u001b[K${line.slice(0, (target.columns ?? 80) - 1)}`)
    drawn = true
  }, EVERY_MS)
  try {
    return await work({
      say: (next) => {
        said = next
      },
    })
  } finally {
    clearInterval(timer)
    if (drawn) target.write('\r\u001b[K')
  }
}
