/**
 * Numbers and names that identify things. Numeric ids are handed out by the leader from the state it loaded, so their
 * order is the order of commits; they stay below 2^53.
 */

/** One try of one TI: the unit that is dispatched, logged, cancelled and answered. Never reset, never reused. */
export interface TryKey {
  readonly tiId: number
  readonly tryNumber: number
}

/** `"<tiId>.<tryNumber>"`, for maps and logs. */
export function tryKeyText(key: TryKey): string {
  return `${key.tiId}.${key.tryNumber}`
}
