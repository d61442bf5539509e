/** The part of the configuration that `decide` needs, in its own words. */
import type { PlatformDefaults } from '../platform-defaults.ts'
import type { Config } from './schema.ts'

export function platformDefaults(config: Config): PlatformDefaults {
  return {
    retries: config.max_retries,
    retryDelayMs: config['tasks.retry_delay'],
    retryBackoff: config['tasks.retry_backoff'],
    maxRetryDelayMs: config['tasks.max_retry_delay'],
    retryJitter: config['tasks.retry_jitter'],
    timeoutMs: config.timeout_default,
    errorStrategy: config.error_strategy,
    pool: config['tasks.pool'],
    maxActiveRuns: config['scheduler.max_active_runs'],
    maxActiveTasks: config['scheduler.max_active_tasks'],
    catchup: config['scheduler.catchup'],
    pausedUponCreation: config['scheduler.dags_are_paused_at_creation'],
    memoryLimitMb: config['tasks.memory_limit_mb'],
    isolation: config['tasks.isolation'],
    parallelism: config['scheduler.parallelism'],
    maxQueuedRuns: config['scheduler.max_queued_runs'],
    maxPlatformLosses: config['scheduler.max_platform_losses'],
  }
}
