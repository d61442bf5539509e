/** A Dag with 100,000 task instances is deleted by a real scheduler, in small ticks, and another goes on meanwhile. */
import { beforeAll, expect, it } from 'vitest'
import type { Plan } from '../../core/engine/decide.ts'
import { ERASED_RUNS, ERASED_TIS } from '../../core/ports/store.ts'
import { submitCommand } from '../../database/commands.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { dag, noWrites, version } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { startLeader } from '../webserver/leading-scheduler.ts'

const RUNS = 1_000
const TASKS = 100

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('seed:1:1'))!
  await store.commit(epoch, {
    ...noWrites,
    dags: [dag('large', { versionId: 1 }), dag('other', { versionId: 2, isPaused: true })],
    insertedVersions: [version(1, 'large'), version(2, 'other')],
  })
  await store.releaseLease(epoch)
  await store.close()
  const tis = RUNS * TASKS
  for (const sql of [
    `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, logical_date, run_after, queued_at, conf, triggered_by)
     select i, 'large', 'run-' || i, 'scheduled', 'success', 1, to_timestamp(i * 60), now(), now(), '{}', 'schedule'
     from generate_series(1, ${RUNS}) i`,
    `insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses)
     select i, 1 + (i - 1) / ${TASKS}, 'task_' || i % ${TASKS}, -1, 'success', 1, 4, 0, 0 from generate_series(1, ${tis}) i`,
    `insert into try (ti_id, try_number, dag_run_id, queued_at, state)
     select i, 1, 1 + (i - 1) / ${TASKS}, now(), 'success' from generate_series(1, ${tis}) i`,
    `insert into xcom (ti_id, try_number, key, dag_run_id, json)
     select i, 1, 'return_value', 1 + (i - 1) / ${TASKS}, '{}' from generate_series(1, ${tis}) i`,
    'analyze',
  ]) {
    await database.pool.query(sql)
  }
})

it('piece by piece', { timeout: 120_000 }, async () => {
  const plans: Plan[] = []
  const leader = await startLeader(database, { onCommit: (plan) => plans.push(plan) })
  const options = { actor: 'user:anna', timeoutMs: 100_000 }
  const deletion = submitCommand(database.pool, { kind: 'delete-dag', dagId: 'large' }, options)
  const trigger = await submitCommand(database.pool, { kind: 'trigger', dagId: 'other', runId: 'meanwhile' }, options)
  const piecesBefore = plans.filter((plan) => plan.writes.erasedTis.length > 0).length
  expect(await deletion).toMatchObject({ status: 'answered', answer: { ok: true } })
  await leader.stop()

  const pieces = plans.filter((plan) => plan.writes.erasedTis.length > 0)
  expect(pieces.length).toBeGreaterThanOrEqual((RUNS * TASKS) / ERASED_TIS)
  expect(Math.max(...pieces.map((plan) => plan.writes.erasedTis.length))).toBe(ERASED_TIS)
  expect(Math.max(...pieces.map((plan) => plan.writes.erasedRuns.length))).toBeLessThanOrEqual(ERASED_RUNS)
  // Nobody waits for the end of it.
  expect(trigger).toMatchObject({ status: 'answered', answer: { ok: true } })
  expect(piecesBefore).toBeLessThan(pieces.length)

  const left = await database.pool.query(
    `select (select count(*) from task_instance) + (select count(*) from try) + (select count(*) from xcom) as rows,
       (select array_agg(run_id) from dag_run) as runs, (select array_agg(dag_id) from dag) as dags,
       (select array_agg(dag_id) from dag_version) as versions,
       (select array_agg(kind order by id) from event where dag_id = 'large') as events`,
  )
  expect(left.rows).toEqual([
    { rows: 0, runs: ['meanwhile'], dags: ['other'], versions: ['other'], events: ['dag.deleting', 'dag.deleted'] },
  ])
})
