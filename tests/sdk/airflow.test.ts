/** Files written for Airflow's own TypeScript SDK, its beta and its 1.0, run unchanged. */
import { expect, test } from 'vitest'
import type { TaskClient } from '../../sdk/airflow.ts'
import * as airflow from '../../sdk/airflow.ts'
import { handlerOf, runInScope, type Scope } from '../../sdk/internal.ts'
import { edges, readDag, readDagFile } from './dag-file.ts'

test('a file for 1.0', async () => {
  const promises: Promise<void>[] = []
  const dag = readDag(
    `
    const dag = new Dag('ts_hello', {
      schedule: '@daily', catchup: false, dagDisplayName: 'Hello', dagrunTimeout: 3600, description: 'd',
      disableBundleVersioning: true, docMd: '# d', startDate: new Date('2026-01-01T00:00:00Z'), endDate: undefined,
      failFast: false, isPausedUponCreation: false, maxActiveRuns: 1, maxActiveTasks: 2, maxConsecutiveFailedDagRuns: 0,
      queue: 'typescript', renderTemplateAsNativeObj: true, tags: ['x'],
    })
    const extract = dag.task('extract', async () => 42, {
      dependsOnPast: false, docMd: 'x', doXcomPush: true, emailOnFailure: true, emailOnRetry: true, executionTimeout: 60,
      executor: 'Celery', ignoreFirstDependsOnPast: true, mapIndexTemplate: 't', maxActiveTisPerDag: 1,
      maxActiveTisPerDagrun: 1, maxRetryDelay: 600, owner: 'me', pool: 'p', poolSlots: 1, priorityWeight: 2, queue: 'q',
      retries: 2, retryDelay: 30, retryExponentialBackoff: 2, triggerRule: 'all_success', waitForDownstream: false,
      waitForPastDependsBeforeSkipping: true, weightRule: 'downstream',
    })
    const report = dag.task('report', withArgNames({ rows: 'row_count' }, async ({ rows }) => rows))
    const extracted = extract()
    const reported = report({ rows: extracted })
    const [long, short] = ['long', 'short'].map((id) => dag.task(id, async () => undefined)())
    dag.switch(async ({ rows }) => (rows > 1000 ? long : short), { rows: extracted }, { taskId: 'pick' }).case(long).case(short)
    const gate = dag.if(async ({ rows }) => rows > 0, { rows: extracted }, { taskId: 'has_rows', retries: 2 })
    gate.then(dag.task('load', async () => {})()).else(dag.task('empty', async () => {})())
    dag.task(triggerDagRun({ dagId: 'downstream' }), { taskId: 'trigger' })().after(Label.of('done').on(reported, gate))
    const bundle = new Bundle(dag)
    bundle.register(new TaskHandler('python', 'stub', async () => 1))
    later(bundle.serve())
    `,
    'airflow',
    { later: (promise: Promise<void>) => promises.push(promise) },
  )
  await promises[0]
  expect(dag).toMatchObject({ dagId: 'ts_hello', airflow: true, displayName: 'Hello', dagrunTimeoutMs: 3_600_000 })
  expect(dag.tasks[0]).toMatchObject({
    timeoutMs: 60_000,
    retryDelayMs: 30_000,
    retryBackoff: 2,
    maxRetryDelayMs: 600_000,
  })
  expect(dag.tasks[1]).not.toHaveProperty('timeoutMs')
  expect(edges(dag)).toMatchObject({ report: 'extract', pick: 'extract', long: 'pick', trigger: 'has_rows, report' })
})

test('what is not built yet is an import problem, never ignored', () => {
  const { problems } = readDagFile(
    `const dag = new Dag('d', { maxConsecutiveFailedDagRuns: 2 })
    dag.task('a', async () => {}, { dependsOnPast: true })()
    dag.task('b', async () => {}, { waitForDownstream: true })()`,
    'airflow',
  )
  expect(problems.map((problem) => problem.code)).toEqual(Array(3).fill('not-supported-yet'))
})

test('an unknown option is a problem here too', () => {
  const { problems } = readDagFile(`new Dag('d', { schedul: '@daily' })`, 'airflow')
  expect(problems).toMatchObject([{ code: 'unknown-option', remedy: 'Did you mean "schedule"?' }])
})

test('a file for the beta: tasks run in order of declaration and get ctx and client', async () => {
  const file = readDagFile(
    `
    const dag = new Dag('sales_pipeline')
    const extract = dag.task('extract', async ({ ctx, client }) => [ctx.runId, await client.getVariable('x')])
    dag.task('transform', async ({ ctx }) => ctx.taskId, { inputs: { extract }, spec: { retries: 2 } })
    dag.task('load', async () => {})
    const registry = new DagRegistry()
    registry.register(dag)
    serveDags(registry)
    `,
    'airflow',
  )
  expect(file.problems).toEqual([])
  const [dag] = file.serialized
  expect(edges(dag!)).toEqual({ extract: '', transform: 'extract', load: 'transform' })
  expect(dag!.tasks[1]).toMatchObject({ retries: 2, inputs: {} })
  const scope = { context: { runId: 'r' }, client: { getVariable: async () => 'v' } } as unknown as Scope
  expect(await runInScope(scope, () => handlerOf(file.dags[0]!, 'extract')!({}))).toEqual(['r', 'v'])
})

test('registries and bundles find handlers', async () => {
  const dag = new airflow.Dag('d')
  const handler = async ({ client }: { client: TaskClient }) => client.getVariable('x')
  dag.task('a', handler)
  const stub = async () => 2
  const bundle = new airflow.Bundle(dag, new airflow.TaskHandler('d', 'stub', stub))
  expect(bundle.getTaskHandler('d', 'a')).toBe(handler)
  expect(bundle.getTaskHandler('d', 'stub')).toBe(stub)
  expect(bundle.getTaskHandler('x', 'a')).toBeUndefined()
  expect(new airflow.DagRegistry(dag).getTaskHandler('d', 'a')).toBe(handler)
  expect(dag.taskIds).toEqual(['a'])
  await airflow.serveDags(new airflow.DagRegistry())
})
