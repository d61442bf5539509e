import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const alias = [
  { find: /^tradewind$/, replacement: here('./sdk/index.ts') },
  { find: /^tradewind\/testing$/, replacement: here('./testing/runner/index.ts') },
  { find: /^(apache-airflow-ts-sdk|@apache-airflow\/ts-sdk)$/, replacement: here('./sdk/airflow.ts') },
]

/** What they measure would be other test files beside them. */
const TIMED = ['tests/ui/live-speed.test.ts']

/**
 * `architecture`: import table and cycles, part of `npm run check`. `pure`: no database, no processes. `real`: PostgreSQL,
 * child processes, the built program; one server for the whole run, one database per file. `crash`: programs that are
 * killed. `timed`: what is measured, alone, after all others.
 */
export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      { extends: true, test: { name: 'architecture', include: ['tests/architecture/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['tests/{core,sdk,scheduler,testing,types}/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: [
            'tests/{benchmarks,database,webserver,executor,dag-processor,cli,dags,end-to-end,ui,package}/**/*.test.ts',
          ],
          globalSetup: ['tests/support/postgres-server.ts'],
          exclude: TIMED,
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'crash',
          include: ['tests/crash/*.test.ts'],
          globalSetup: ['tests/support/postgres-server.ts'],
          pool: 'forks',
          testTimeout: 180_000,
          hookTimeout: 60_000,
          // After all others: these measure times, and start many programs.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          globalSetup: ['tests/support/postgres-server.ts'],
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
