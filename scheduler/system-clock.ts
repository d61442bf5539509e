/** The real clock: the one file that reads wall time for the scheduler. */
import type { Clock } from '../core/ports/clock.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(at, callback) {
    // A timer may fire a millisecond early; the promise is «at or after».
    const fire = () => {
      const left = at - Date.now()
      if (left > 0) timer = setTimeout(fire, left)
      else callback()
    }
    let timer = setTimeout(fire, Math.max(0, at - Date.now()))
    return () => clearTimeout(timer)
  },
}
