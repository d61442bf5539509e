/** The platform's defaults in the simulated world: small numbers, so that limits are met and time goes by quickly. */
import type { PlatformDefaults } from '../../core/platform-defaults.ts'

export const SIMULATED_DEFAULTS: PlatformDefaults = {
  retries: 3,
  retryDelayMs: 1000,
  retryBackoff: 2,
  maxRetryDelayMs: 300_000,
  retryJitter: 0.1,
  timeoutMs: 30_000,
  pool: 'default_pool',
  maxActiveRuns: 16,
  maxActiveTasks: 16,
  catchup: false,
  pausedUponCreation: false,
  memoryLimitMb: 512,
  parallelism: 6,
  maxQueuedRuns: 10_000,
  // The oracle knows nothing of losses, so the bound on them is out of reach here.
  maxPlatformLosses: 1_000,
}
