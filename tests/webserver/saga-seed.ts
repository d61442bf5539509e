/** Orders of a shop: one that failed and was undone, one that waits, one that succeeded; and their dead letters. */
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { compensation, dag, deadLetter, event, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import type { TestDatabase } from '../support/test-database.ts'

export const AT = Date.UTC(2026, 0, 1)

const xcom = (taskId: string) => ({ kind: 'xcom', taskId }) as const
export const SHOP: SerializedDag = {
  format: 1,
  dagId: 'shop',
  tags: [],
  file: 'shop.ts',
  schedule: { kind: 'none' },
  timezone: 'UTC',
  correlationId: 'order-{params.orderId}',
  tasks: [
    {
      taskId: 'reserve',
      kind: 'task',
      upstream: [],
      inputs: { order: { kind: 'param', name: 'orderId' } },
      compensate: {},
    },
    {
      taskId: 'charge',
      kind: 'task',
      upstream: ['reserve'],
      inputs: { reserved: xcom('reserve') },
      compensate: { retries: 1 },
    },
    {
      taskId: 'ship',
      kind: 'task',
      upstream: ['charge'],
      inputs: { charged: xcom('charge'), order: { kind: 'param', name: 'orderId' } },
      compensate: { alsoWhenFailed: true },
    },
    { taskId: 'confirm', kind: 'task', upstream: ['ship'], inputs: { shipped: xcom('ship') } },
  ],
  groups: [],
}

/**
 * Run 1 (order 12345): failed at `ship`; `ship` and `charge` undone, `reserve` could not be. Run 2 (order 12346): waits for a
 * retry of `charge`. Run 3 (order 777): success. Paused, so that a scheduler that comes starts nothing.
 */
export async function seedShop(database: TestDatabase): Promise<void> {
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const done = (id: number, tryNumber = 1) => ({ tryNumber, startDate: AT + id, endDate: AT + 10 * id })
  const order = (id: number) => ({ correlationId: `order-${id}`, conf: JSON.stringify({ orderId: id }) })
  const failure = {
    kind: 'error',
    message: 'Error: carrier says no',
    stack: 'Error: carrier says no\n at ship',
  } as const
  const result = await store.commit(epoch, {
    ...noWrites,
    dags: [dag('shop', { versionId: 1, isPaused: true })],
    insertedVersions: [version(1, 'shop', { serialized: SHOP })],
    insertedRuns: [
      run(1, 'shop', { runId: 'first', state: 'failed', startDate: AT, endDate: AT + 900, ...order(12345) }),
      run(2, 'shop', { runId: 'second', state: 'running', startDate: AT, ...order(12346), triggerKey: 'k-2' }),
      run(3, 'shop', { runId: 'third', state: 'success', startDate: AT, endDate: AT + 99, ...order(777) }),
    ],
    insertedTis: [
      ti(1, 1, 'reserve', { state: 'compensation_failed', ...done(1, 3) }),
      ti(2, 1, 'charge', { state: 'compensated', ...done(2, 2) }),
      ti(3, 1, 'ship', { state: 'compensated', ...done(3, 3) }),
      ti(4, 1, 'confirm', { state: 'upstream_failed' }),
      ti(5, 2, 'reserve', { state: 'success', ...done(5) }),
      ti(6, 2, 'charge', { state: 'up_for_retry', ...done(6), retryAt: AT + 1e12 }),
      ti(7, 2, 'ship'),
      ti(8, 2, 'confirm'),
      ti(9, 3, 'reserve', { state: 'success', ...done(9) }),
      ti(10, 3, 'charge', { state: 'success', ...done(10) }),
      ti(11, 3, 'ship', { state: 'success', ...done(11) }),
      ti(12, 3, 'confirm', { state: 'success', ...done(12) }),
    ],
    insertedTries: [
      tryOf(1, 1, 1, { state: 'success', queuedAt: AT + 1, startDate: AT + 1, endDate: AT + 10 }),
      tryOf(1, 2, 1, { state: 'up_for_retry', queuedAt: AT + 600, cause: { kind: 'error', message: 'Error: first' } }),
      tryOf(1, 3, 1, {
        state: 'compensation_failed',
        queuedAt: AT + 700,
        cause: { kind: 'error', message: 'Error: warehouse closed' },
      }),
      tryOf(2, 1, 1, { state: 'success', queuedAt: AT + 11, startDate: AT + 12, endDate: AT + 20 }),
      tryOf(2, 2, 1, { state: 'compensated', queuedAt: AT + 500 }),
      tryOf(3, 1, 1, { state: 'up_for_retry', queuedAt: AT + 21, cause: failure }),
      tryOf(3, 2, 1, { state: 'failed', queuedAt: AT + 30, startDate: AT + 31, endDate: AT + 300, cause: failure }),
      tryOf(3, 3, 1, { state: 'compensated', queuedAt: AT + 400 }),
      tryOf(5, 1, 2, { state: 'success' }),
      tryOf(6, 1, 2, { state: 'up_for_retry', cause: { kind: 'timeout', message: 'too slow' } }),
      ...[9, 10, 11, 12].map((id) => tryOf(id, 1, 3, { state: 'success' })),
    ],
    xcoms: [
      { tiId: 2, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '{"receipt":7}' },
      { tiId: 2, tryNumber: 2, key: 'return_value', dagRunId: 1, json: '{"refund":7}' },
    ],
    compensations: [
      compensation(1, 1, {
        state: 'compensation_failed',
        firstTry: 2,
        lastTry: 3,
        plannedAt: AT + 350,
        endedAt: AT + 800,
        error: 'Error: carrier says no',
      }),
      compensation(2, 1, { state: 'compensated', firstTry: 2, lastTry: 2, plannedAt: AT + 350, endedAt: AT + 550 }),
      compensation(3, 1, {
        state: 'compensated',
        forwardTry: 2,
        forwardState: 'failed',
        firstTry: 3,
        lastTry: 3,
        plannedAt: AT + 350,
        endedAt: AT + 450,
      }),
    ],
    deadLetters: [
      deadLetter(3, 1, { tryNumber: 2, dagId: 'shop', message: 'Error: carrier says no', at: AT + 300 }),
      deadLetter(1, 1, {
        tryNumber: 3,
        dagId: 'shop',
        taskId: 'reserve',
        kind: 'compensation',
        fingerprint: 'f2',
        message: 'Error: warehouse closed',
        at: AT + 800,
      }),
      ...[9, 10].map((id) =>
        deadLetter(id, 3, { dagId: 'shop', taskId: 'reserve', message: 'Error: carrier says no', at: AT + id }),
      ),
    ],
    events: [event(1, { dagRunId: 1, dagId: 'shop', kind: 'run.failed' })],
  })
  if (result.status !== 'committed') throw new Error(JSON.stringify(result))
  await store.releaseLease(epoch)
  await store.close()
}
