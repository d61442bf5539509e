/** A small past for API tests: two Dags, some runs in each state, tries, XComs, events; a leader that answers commands. */

import type { SerializedDag } from '../../core/serialized-dag.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { dag, deadLetter, event, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import type { TestDatabase } from '../support/test-database.ts'

const AT = Date.UTC(2026, 0, 1)

export const SALES: SerializedDag = {
  format: 1,
  dagId: 'sales',
  displayName: 'Sales',
  description: 'Rows to figures',
  owner: 'anna',
  tags: ['daily', 'money'],
  file: 'sales.ts',
  schedule: { kind: 'cron', expression: '0 2 * * *' },
  timezone: 'Europe/Berlin',
  startDate: AT,
  params: { type: 'object', properties: { region: { type: 'string', default: 'eu' } } },
  tasks: [
    { taskId: 'extract', kind: 'task', upstream: [], inputs: {}, pool: 'warehouse' },
    { taskId: 'check', kind: 'task', upstream: ['extract'], inputs: {}, groupId: 'checks' },
    { taskId: 'load', kind: 'task', upstream: ['check'], inputs: {}, docMd: 'Puts it there' },
  ],
  groups: [{ groupId: 'checks' }],
}

/** `isPaused`: a scheduler that comes starts nothing. */
export async function seed(database: TestDatabase, isPaused = false): Promise<void> {
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const result = await store.commit(epoch, {
    ...noWrites,
    dags: [
      dag('sales', {
        versionId: 1,
        isPaused,
        nextRunAfter: AT + 86_400_000 * 10,
        nextLogicalDate: AT + 86_400_000 * 10,
      }),
      dag('old', { versionId: 2, isActive: false }),
    ],
    insertedVersions: [version(1, 'sales', { serialized: SALES }), version(2, 'old')],
    pools: [{ name: 'warehouse', slots: 4, description: 'of the warehouse' }],
    importErrors: [
      {
        file: 'broken.ts',
        at: AT,
        problems: [{ code: 'syntax-error', message: 'no', remedy: 'Fix it.', file: 'broken.ts', line: 3, column: 7 }],
      },
    ],
    insertedRuns: [
      run(1, 'sales', {
        runId: 'scheduled__1',
        runType: 'scheduled',
        state: 'success',
        logicalDate: AT,
        startDate: AT,
        endDate: AT + 9_000,
        conf: '{"region":"eu"}',
        triggeredBy: 'schedule',
      }),
      run(2, 'sales', {
        runId: 'manual__2',
        state: 'failed',
        logicalDate: AT + 1,
        startDate: AT + 5,
        endDate: AT + 10_000,
        note: 'look',
        correlationId: 'order-1',
      }),
      run(3, 'sales', { runId: 'a/b c+d', state: 'queued', logicalDate: AT + 2 }),
      run(4, 'old', { runId: 'x', versionId: 2, state: 'success' }),
    ],
    insertedTis: [
      ti(1, 1, 'extract', { state: 'success', tryNumber: 1, startDate: AT, endDate: AT + 1_000 }),
      ti(2, 1, 'check', { state: 'success', tryNumber: 1, startDate: AT + 1_000, endDate: AT + 3_000 }),
      ti(3, 1, 'load', { state: 'success', tryNumber: 1, startDate: AT + 3_000, endDate: AT + 9_000 }),
      ti(4, 2, 'extract', { state: 'success', tryNumber: 1, startDate: AT, endDate: AT + 1_000 }),
      ti(5, 2, 'check', {
        state: 'failed',
        tryNumber: 2,
        maxTries: 2,
        failures: 2,
        startDate: AT,
        endDate: AT + 2_000,
      }),
      ti(6, 2, 'load', { state: 'upstream_failed' }),
      ti(7, 4, 'a', { state: 'success', tryNumber: 1 }),
    ],
    insertedTries: [
      ...[1, 2, 3].map((id) =>
        tryOf(id, 1, 1, { state: 'success', startDate: AT, endDate: AT + 1_000, host: 'h', pid: 7 }),
      ),
      tryOf(4, 1, 2, { state: 'success', endDate: AT + 1_000 }),
      tryOf(5, 1, 2, { state: 'failed', endDate: AT + 1_000, cause: { kind: 'error', message: 'Error: first' } }),
      tryOf(5, 2, 2, {
        state: 'failed',
        endDate: AT + 2_000,
        cause: { kind: 'timeout', message: 'too slow', stack: 'at x' },
      }),
      tryOf(7, 1, 4, { state: 'success' }),
    ],
    xcoms: [
      { tiId: 1, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '{"rows":3}' },
      { tiId: 5, tryNumber: 1, key: 'part', dagRunId: 2, json: '"one"' },
      { tiId: 5, tryNumber: 2, key: 'part', dagRunId: 2, json: '"two"' },
    ],
    deadLetters: [deadLetter(5, 2, { tryNumber: 2, taskId: 'check', message: 'too slow', at: AT + 2_000 })],
    tiNotes: [{ tiId: 5, note: 'known to be slow' }],
    events: [
      event(1, { dagRunId: 1, dagId: 'sales', kind: 'run.queued', actor: 'schedule' }),
      event(2, { dagRunId: 1, dagId: 'sales', tiId: 1, tryNumber: 1, kind: 'ti.success' }),
      event(3, { dagRunId: 2, dagId: 'sales', tiId: 5, tryNumber: 2, kind: 'ti.failed', cause: 'too slow' }),
      event(4, { dagId: 'old', kind: 'dag.paused', actor: 'user:anna' }),
    ],
  })
  if (result.status !== 'committed') throw new Error(JSON.stringify(result))
  await store.releaseLease(epoch)
  await store.close()
}
