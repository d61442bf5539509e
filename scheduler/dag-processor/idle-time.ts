/** Notices when nothing has been done for a while, once each time; what is begun after that counts anew. */
export interface IdleTime {
  /** Not idle until `work` has settled. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Notices nothing any more. */
  stop(): void
}

/** @param ms `undefined`: never. */
export function createIdleTime(ms: number | undefined, onIdle: () => void): IdleTime {
  let open = 0
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  return {
    async during(work) {
      open += 1
      clearTimeout(timer)
      try {
        return await work()
      } finally {
        open -= 1
        if (open === 0 && ms !== undefined && !isStopped) {
          timer = setTimeout(onIdle, ms)
          timer.unref()
        }
      }
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
