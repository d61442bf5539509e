/** Airflow's own shapes compile against its package names. */
import {
  Bundle,
  Dag,
  DagRegistry,
  getContext,
  type TaskContext,
  type TaskHandlerArgs,
  type TaskRef,
} from '@apache-airflow/ts-sdk'
import { Dag as BetaDag, serveDags } from 'apache-airflow-ts-sdk'
import { expectTypeOf, test } from 'vitest'

test('1.0', async () => {
  const dag = new Dag('ts_hello', { schedule: '@daily', queue: 'typescript', startDate: new Date(), dagrunTimeout: 60 })
  const extract = dag.task('extract', async (): Promise<number> => 42, { retries: 2, retryDelay: 30, queue: 'x' })
  const report = dag.task('report', async ({ rows }: { rows: number }) => rows)
  expectTypeOf(report({ rows: extract() })).toEqualTypeOf<TaskRef<number>>()
  // @ts-expect-error a literal of the wrong type
  report({ rows: 'x' })
  // @ts-expect-error an unknown option
  dag.task('a', async () => {}, { qeue: 'x' })
  expectTypeOf(getContext).returns.toExtend<TaskContext>()
  await new Bundle(dag).serve()
})

test('the beta', async () => {
  const dag = new BetaDag('sales')
  const extract = dag.task('extract', async ({ ctx, client }: TaskHandlerArgs) => client.getVariable(ctx.taskId))
  dag.task('transform', async ({ client }: TaskHandlerArgs) => client.getXCom({ key: 'k' }), {
    inputs: { extract },
    spec: {},
  })
  await serveDags(new DagRegistry(dag))
})
