/**
 * SIGINT and SIGTERM: the first asks for a graceful stop, a second one for an end at once. `npm start` hands on the
 * Ctrl-C that the terminal has already sent to the whole group, so two signals within half a second are one request.
 */

const ONE_REQUEST_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface StopRequest {
  readonly signal: NodeJS.Signals
}

/** `requested` resolves with the first signal; after that a further one calls `now`. `release` gives the signals back. */
export function awaitStopSignal(now: () => void): { readonly requested: Promise<StopRequest>; release(): void } {
  let firstAt: number | null = null
  let resolve: (request: StopRequest) => void = () => {}
  const requested = new Promise<StopRequest>((done) => {
    resolve = done
  })
  const onSignal = (signal: NodeJS.Signals) => {
    const at = performance.now()
    if (firstAt === null) {
      firstAt = at
      resolve({ signal })
    } else if (at - firstAt > ONE_REQUEST_MS) {
      now()
    }
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    requested,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
