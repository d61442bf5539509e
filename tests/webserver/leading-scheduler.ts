/** A real scheduler on a test database; its executor runs nothing, and gets nothing where every Dag is paused. */
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { readConfig } from '../../core/config/read-config.ts'
import type { Executor } from '../../core/ports/executor.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { createScheduler, type SchedulerOptions } from '../../scheduler/scheduler.ts'
import { systemClock } from '../../scheduler/system-clock.ts'
import type { TestDatabase } from '../support/test-database.ts'

interface LeaderOptions {
  /** Default: an error, since every Dag is paused. */
  readonly dispatch?: () => void
  readonly log?: (line: string) => void
  readonly onCommit?: NonNullable<SchedulerOptions['onCommit']>
}

/** Resolves when it leads. */
export async function startLeader(
  database: TestDatabase,
  options: LeaderOptions = {},
): Promise<{ stop(): Promise<void> }> {
  const { config } = readConfig({ env: {}, flags: {}, machine: { cores: 2 } })
  const store = await createPostgresStore(database.connection)
  const executor: Executor = {
    host: 'api-test:1:1',
    mostAhead: 0,
    slots: 8,
    start: async () => {},
    dispatch:
      options.dispatch ??
      (() => {
        throw new Error('nothing may be dispatched: every Dag is paused')
      }),
    cancel: () => {},
    acknowledge: () => {},
    inventory: () => ({ running: [], finished: [] }),
    stop: async () => {},
  }
  const scheduler = createScheduler({
    store,
    executor,
    clock: systemClock,
    defaults: platformDefaults(config),
    log: options.log ?? (() => {}),
    ...(options.onCommit === undefined ? {} : { onCommit: options.onCommit }),
  })
  await scheduler.start()
  const until = Date.now() + 10_000
  while (scheduler.memory() === null) {
    if (Date.now() > until) throw new Error('the scheduler did not come to lead within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return {
    stop: async () => {
      await scheduler.stop(0)
      await store.close()
    },
  }
}
