/**
 * How long a task instance waits after a failed try. Invariant: the delay is a function of policy, failures and seed
 * only (jitter comes from a hash, never from a random source), it never exceeds the cap, and it is always finite.
 */

export interface RetryPolicy {
  /** Delay after the first failure, in milliseconds. */
  readonly delayMs: number
  /** Factor between one delay and the next; 1 keeps it fixed. */
  readonly backoff: number
  /** No delay is longer than this, jitter included; a year at most. */
  readonly maxDelayMs: number
  /** Share of the delay that may be added, 0 to 1. */
  readonly jitter: number
}

const LONGEST_DELAY_MS = 365 * 86_400_000

/**
 * Whole milliseconds to wait. `failures` counts the task instance's own failures since its creation or last clear, the one
 * just seen included (1 after the first). `seed` names the try, so that instances that failed together spread out.
 */
export function retryDelay(policy: RetryPolicy, failures: number, seed: string): number {
  const cap = Math.min(policy.maxDelayMs, LONGEST_DELAY_MS)
  const nominal = policy.delayMs * policy.backoff ** (Math.max(1, failures) - 1)
  // 0 * Infinity and other accidents of very large exponents are NaN: those wait for as long as is allowed.
  const capped = Number.isNaN(nominal) ? cap : Math.min(nominal, cap)
  const jittered = policy.jitter > 0 ? capped * (1 + policy.jitter * hashFraction(seed)) : capped
  return Math.max(0, Math.round(Math.min(jittered, cap)))
}

/** FNV-1a with murmur's finish (neighbouring try numbers must not give neighbouring delays), as a fraction in [0, 1). */
function hashFraction(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
