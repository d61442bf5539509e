/**
 * The types of compensations and sagas: what undoes a task is given what its handler takes and gives. Checked by `tsc`; an
 * unused `@ts-expect-error` fails it.
 */
import {
  type CompensationArguments,
  type CompensationCause,
  Dag,
  type getContext,
  type TaskGroup,
  type TaskRef,
  triggerDagRun,
} from 'tradewind'
import { expectTypeOf, test } from 'vitest'

interface Receipt {
  readonly id: string
}

const dag = new Dag('types')
const charge = async ({ amount }: { amount: number; currency?: string }): Promise<Receipt> => ({ id: `${amount}` })

test('a compensation knows the arguments and the result of its handler', () => {
  const factory = dag.task('charge', charge, {
    compensate: async ({ input, output, error }) => {
      expectTypeOf(input).toEqualTypeOf<{ amount: number; currency?: string }>()
      expectTypeOf(output).toEqualTypeOf<Receipt>()
      expectTypeOf(error).toEqualTypeOf<CompensationCause | null>()
    },
    retries: 2,
  })
  expectTypeOf(factory({ amount: 1 })).toEqualTypeOf<TaskRef<Receipt>>()
  dag.task(charge, { taskId: 'c2', compensate: ({ output }) => output.id })
  dag.task('c3', charge, {
    compensate: { run: ({ output }) => output.id, retries: 5, retryDelay: '1 min', timeout: null },
  })
  dag.task('c4', charge, { compensate: { run: ({ output }) => output.id, alsoWhenFailed: false } })
  dag.task('c5', charge, { compensate: () => {} })
  const refund = async ({ output }: CompensationArguments<{ amount: number }, Receipt>) => output.id
  dag.task('c6', charge, { compensate: refund })
})

test('one that also runs when the task failed may have no output', () => {
  dag.task('f1', charge, {
    compensate: {
      alsoWhenFailed: true,
      run: ({ output }) => {
        expectTypeOf(output).toEqualTypeOf<Receipt | undefined>()
      },
    },
  })
  // @ts-expect-error there may be none
  dag.task('f2', charge, { compensate: { run: ({ output }) => output.id, alsoWhenFailed: true } })
})

test('handlers without arguments, and with optional ones', () => {
  dag.task('n1', async () => 1, {
    compensate: ({ input, output }) => {
      expectTypeOf(input).toEqualTypeOf<Readonly<Record<string, never>>>()
      expectTypeOf(output).toEqualTypeOf<number>()
    },
  })
  dag.task('n2', ({ n = 1 }: { n?: number } = {}) => n, {
    compensate: ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<{ n?: number }>()
    },
  })
  dag.task('n3', () => {}, {
    compensate: ({ output }) => {
      expectTypeOf(output).toEqualTypeOf<void>()
    },
  })
})

test('deciders can be undone too', () => {
  dag.if(
    async ({ n }: { n: number }) => n > 0,
    { n: 1 },
    {
      taskId: 'has',
      compensate: ({ input, output }) => {
        expectTypeOf(input).toEqualTypeOf<{ n: number }>()
        expectTypeOf(output).toEqualTypeOf<boolean>()
      },
    },
  )
  dag.switch(
    async ({ n }: { n: number }) => n,
    { n: 1 },
    {
      taskId: 'which',
      compensate: {
        alsoWhenFailed: true,
        run: ({ output }) => {
          expectTypeOf(output).toEqualTypeOf<number | undefined>()
        },
      },
    },
  )
})

test('misuse is rejected', () => {
  // @ts-expect-error what the handler does not return
  dag.task('m1', charge, { compensate: ({ output }) => output.reference })
  // @ts-expect-error what the handler does not take
  dag.task('m2', charge, { compensate: ({ input }) => input.order })
  // @ts-expect-error a compensation of another output
  dag.task('m3', charge, { compensate: ({ output }: { output: number }) => output })
  // @ts-expect-error no function
  dag.task('m4', charge, { compensate: true })
  // @ts-expect-error no function in it
  dag.task('m5', charge, { compensate: { retries: 1 } })
  // @ts-expect-error an unknown option
  dag.task('m6', charge, { compensate: { run: () => {}, pool: 'x' } })
  // @ts-expect-error it belongs to one handler
  new Dag('m7', { defaultArgs: { compensate: () => {} } })
  // @ts-expect-error what started a run is not undone by a function
  dag.triggerDagRun('m8', { dagId: 'x' }, { compensate: () => {} })
})

test('strategies, correlation and fail-fast', () => {
  new Dag('s1', { errorStrategy: 'compensate', failFast: true, correlationId: 'order-{params.orderId}' })
  dag.task('s2', charge, { errorStrategy: 'dead-letter' })
  dag.taskGroup('s3', { defaultArgs: { errorStrategy: 'retry' } })
  // @ts-expect-error an unknown strategy
  dag.task('s4', charge, { errorStrategy: 'ignore' })
  // @ts-expect-error an unknown strategy of the Dag
  new Dag('s5', { errorStrategy: 'retry-twice' })
  // @ts-expect-error a function is no template
  new Dag('s6', { correlationId: () => 'x' })
})

test('a saga is a group', () => {
  const saga = dag.saga('order', (inside) => {
    expectTypeOf(inside).toEqualTypeOf<TaskGroup>()
    inside.task('a', charge, { compensate: ({ output }) => output.id })({ amount: 1 })
  })
  expectTypeOf(saga).toEqualTypeOf<TaskGroup>()
  dag.saga('rest', { docMd: 'x' }).after(saga)
  saga.before(dag.task('after', () => {})())
  // @ts-expect-error no option of a group
  dag.saga('x', () => {}, { retries: 1 })
})

test('a started run is undone with the task that started it', () => {
  const started = dag.triggerDagRun('t1', { dagId: 'x' }, { compensate: true })
  expectTypeOf(started).toEqualTypeOf<TaskRef<{ runId: string }>>()
  dag.triggerDagRun({ taskId: 't2', dagId: 'x' }, { compensate: { retries: 3, alsoWhenFailed: true } })
  dag.task('t3', triggerDagRun({ dagId: 'x' }), { compensate: true })()
  dag.task(triggerDagRun({ dagId: 'x' }), { taskId: 't4', compensate: false })()
})

test('the context of a try', () => {
  type Context = ReturnType<typeof getContext>
  expectTypeOf<Context['isCompensation']>().toEqualTypeOf<boolean>()
  expectTypeOf<Context['idempotencyKey']>().toEqualTypeOf<string>()
  expectTypeOf<Context['correlationId']>().toEqualTypeOf<string | null>()
})
