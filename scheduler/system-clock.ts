/** The real clock: the one file that reads wall time for the scheduler. */
import type { Clock } from '../core/ports/clock.ts'

/** Wall time is looked at again at least this often: it may have been set; and `setTimeout` takes no more than 24 days. */
const LOOK_AGAIN_MS = 60_000

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(at, callback) {
    // A timer may fire a millisecond early; the promise is «at or after».
    const fire = () => {
      const left = at - Date.now()
      if (left > 0) timer = setTimeout(fire, Math.min(left, LOOK_AGAIN_MS))
      else callback()
    }
    let timer = setTimeout(fire, Math.min(Math.max(0, at - Date.now()), LOOK_AGAIN_MS))
    return () => clearTimeout(timer)
  },
  setDelay(ms, callback) {
    const timer = setTimeout(callback, Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}
