/**
 * The types of the authoring API: what a handler takes and gives decides what its factory takes and gives. Checked by `tsc`;
 * an unused `@ts-expect-error` fails it, so each of them is a misuse that is rejected.
 */
import { Dag, FailError, getClient, getContext, type TaskGroup, type TaskRef, triggerDagRun } from 'tradewind'
import { expectTypeOf, test } from 'vitest'

interface Row {
  readonly id: number
  readonly name: string
}

const dag = new Dag('types')
const extract = dag.task(
  'extract',
  async ({ region }: { region: string; limit?: number }): Promise<Row[]> => [{ id: 1, name: region }],
)
const load = dag.task('load', async ({ rows }: { rows: readonly Row[] }) => rows.length)
const nothing = dag.task('nothing', () => {})

test('a factory takes the arguments of its handler and gives a reference to its awaited result', () => {
  const rows = extract({ region: 'eu' })
  expectTypeOf(rows).toEqualTypeOf<TaskRef<Row[]>>()
  expectTypeOf(load({ rows })).toEqualTypeOf<TaskRef<number>>()
  expectTypeOf(nothing()).toEqualTypeOf<TaskRef<void>>()
  load({ rows: [{ id: 1, name: 'a' }] })
  extract({ region: 'eu', limit: 5 })
})

test('misuse is rejected', () => {
  const rows = extract({ region: 'eu' })
  // @ts-expect-error a wrong type
  extract({ region: 5 })
  // @ts-expect-error a missing argument
  load({})
  // @ts-expect-error no arguments at all
  load()
  // @ts-expect-error an unknown argument
  extract({ region: 'eu', regoin: 'us' })
  // @ts-expect-error a reference of the wrong type
  load({ rows: nothing() })
  // @ts-expect-error a reference to one thing where many are wanted
  load({ rows: dag.task('one', async (): Promise<Row> => ({ id: 1, name: 'x' }))() })
  // @ts-expect-error an array of references of the wrong type
  load({ rows: [dag.task('n', async () => 1)()] })
  // @ts-expect-error the reference itself instead of named arguments
  load(rows)
  // @ts-expect-error an uncalled factory
  load({ rows: extract })
  // @ts-expect-error arguments for a handler that takes none
  nothing({ region: 'eu' })
  // @ts-expect-error reading what exists only at run time
  expectTypeOf(rows.length).toBeUnknown()
  // @ts-expect-error a handler of two arguments
  dag.task('two', async (a: { x: number }, b: number) => a.x + b)
  // @ts-expect-error a handler of a bare value
  dag.task('bare', async (n: number) => n)(5)
})

test('options are checked by name and type', () => {
  dag.task('good', async () => {}, {
    retries: 3,
    retryDelay: '5 min',
    timeout: null,
    triggerRule: 'all_done',
    isolation: 'process',
  })
  // @ts-expect-error an unknown option
  dag.task('a', async () => {}, { retrys: 3 })
  // @ts-expect-error a wrong type
  dag.task('a', async () => {}, { retries: '3' })
  // @ts-expect-error an unknown trigger rule
  dag.task('a', async () => {}, { triggerRule: 'all_good' })
  // @ts-expect-error an unknown option of the Dag
  new Dag('d', { shedule: '@daily' })
  // @ts-expect-error a schedule of the wrong type
  new Dag('d', { schedule: 5 })
  // @ts-expect-error a period that is none
  new Dag('d', { schedule: { every: { fortnights: 1 } } })
  // @ts-expect-error given instants have no exceptions
  new Dag('d', { schedule: { at: ['2026-01-01'], except: [] } })
  new Dag('d', { schedule: { cron: ['0 8 * * 1-5', '0 12 * * 6'], except: ['2026-12-25'], dataIntervals: true } })
  new Dag('d', { schedule: { every: { months: 1 } }, startDate: '2026-01-31' })
  new Dag('d', { schedule: { workdays: '07:30' } })
  new Dag('d', { schedule: { at: [new Date(0), '2026-01-01'] } })
  // @ts-expect-error an unknown default
  new Dag('d', { defaultArgs: { retry: 1 } })
  // @ts-expect-error an unknown option of a group
  dag.taskGroup('g', { tooltip: 'x' })
  // @ts-expect-error what Airflow has and Tradewind not
  dag.task('a', async () => {}, { queue: 'x' })
  new Dag('d', { schedule: { every: '10 minutes' }, startDate: new Date(), endDate: '2026-01-01', dagDisplayName: 'D' })
})

test('references nest in arrays and objects', () => {
  const a = dag.task('na', async () => 1)()
  const s = dag.task('ns', async () => 'x')()
  const flag = dag.task('nf', async (): Promise<boolean> => true)()
  const fan = dag.task(
    'fan',
    async (args: { parts: number[]; opts: { x: string; on: boolean; deep: { y: number }[] } }) => args,
  )
  fan({ parts: [a, 2, a], opts: { x: s, on: flag, deep: [{ y: a }, { y: 3 }] } })
  // @ts-expect-error text in a list of numbers
  fan({ parts: [s], opts: { x: s, on: true, deep: [] } })
  // @ts-expect-error a number deep inside where text is wanted
  fan({ parts: [], opts: { x: a, on: true, deep: [] } })
  // @ts-expect-error an unknown field deep inside
  fan({ parts: [], opts: { x: s, on: true, deep: [], z: 1 } })
  const union = dag.task('union', async ({ v }: { v: 'a' | 'b' | number }) => v)
  union({ v: 'a' })
  union({ v: a })
  // @ts-expect-error not of the union
  union({ v: 'c' })
  // @ts-expect-error wider than the union
  union({ v: s })
  const at = dag.task('at', async ({ when }: { when: Date }) => when)
  // @ts-expect-error JSON has no Date
  at({ when: new Date() })
})

test('handlers whose arguments are all optional may be called with nothing', () => {
  dag.task('o1', async ({ n = 1 }: { n?: number }) => n)()
  dag.task('o2', async ({ n = 1 }: { n?: number } = {}) => n)({ n: 2 })
  dag.task(async function named() {})()
  dag.task(async () => {}, { taskId: 'o3' })()
})

test('edges and groups', () => {
  const a = nothing()
  const b = nothing()
  const group = dag.taskGroup('g')
  expectTypeOf(group).toExtend<TaskGroup>()
  expectTypeOf(a.before(b, group)).toEqualTypeOf<TaskRef<void>>()
  const gate = dag.if(dag.task('ready', async () => true)())
  group.before(a).after(gate)
  group.task('x', async ({ n }: { n: number }) => n)({ n: 1 })
  // @ts-expect-error a factory is no end of an edge
  a.before(nothing)
  // @ts-expect-error neither is a function
  gate.then(() => {})
})

test('a condition decides on a boolean', () => {
  const a = nothing()
  const n = dag.task('number', async () => 5)()
  dag
    .if(async ({ rows }: { rows: number }) => rows > 0, { rows: n }, { taskId: 'has', retries: 1 })
    .then(a)
    .else(a)
  dag.if(() => true).then(a)
  // @ts-expect-error a number decides nothing
  dag.if(n)
  // @ts-expect-error nor does a handler that returns one
  dag.if(async () => 5)
  // @ts-expect-error a missing input
  dag.if(async ({ rows }: { rows: number }) => rows > 0)
  // @ts-expect-error an input of the wrong type
  dag.if(async ({ rows }: { rows: number }) => rows > 0, { rows: 'x' })
})

test('a switch has cases for what it returns', () => {
  const a = nothing()
  const b = nothing()
  dag
    .switch(async () => (Math.random() > 0.5 ? a : b))
    .case(a)
    .case(b)
  const kind = dag.task('kind', async (): Promise<'wet' | 'dry'> => 'wet')()
  dag.switch(kind).case('wet', a).case('dry', a, b).default(b)
  // @ts-expect-error it never returns that
  dag.switch(kind).case('cold', a)
  // @ts-expect-error nothing to choose by
  dag.switch(dag.task('rows', async () => [1])())
})

test('triggers give the id of the run', () => {
  const started = dag.triggerDagRun('t', { dagId: 'other', conf: { rows: load({ rows: [] }), n: 1 } })
  expectTypeOf(started).toEqualTypeOf<TaskRef<{ runId: string }>>()
  expectTypeOf(dag.task(triggerDagRun({ dagId: 'x' }), { taskId: 't' })()).toEqualTypeOf<TaskRef<{ runId: string }>>()
  dag.task('wait', async ({ run }: { run: { runId: string } }) => run.runId)({ run: started })
  // @ts-expect-error no Dag to start
  dag.triggerDagRun('t', {})
  // @ts-expect-error an unknown option
  dag.triggerDagRun('t', { dagId: 'x', config: {} })
})

test('params type the context and the arguments bound to them', () => {
  const typed = new Dag('typed', {
    params: {
      region: { type: 'string', enum: ['eu', 'us'], default: 'eu' },
      limit: 10,
      days: { type: 'array', items: { type: 'integer' }, default: [] },
      note: { type: ['string', 'null'], default: null },
      dry: false,
    },
  })
  type Params = ReturnType<typeof getContext<typeof typed>>['params']
  expectTypeOf<Params['region']>().toEqualTypeOf<'eu' | 'us'>()
  expectTypeOf<Params['limit']>().toEqualTypeOf<number>()
  expectTypeOf<Params['days']>().toEqualTypeOf<readonly number[]>()
  expectTypeOf<Params['note']>().toEqualTypeOf<string | null>()
  expectTypeOf<Params['dry']>().toEqualTypeOf<boolean>()
  const read = () => getContext(typed).params.limit
  expectTypeOf(read).returns.toEqualTypeOf<number>()
  const task = typed.task('a', async ({ region, n }: { region: string; n: number }) => `${region}${n}`)
  task({ region: typed.param('region'), n: typed.param('limit') })
  // @ts-expect-error a param of the wrong type
  task({ region: typed.param('limit'), n: 1 })
  // @ts-expect-error an unknown param
  typed.param('reggion')
  // @ts-expect-error a Dag without params has none
  dag.param('region')
})

test('params of a JSON Schema and of a Standard Schema', () => {
  const json = new Dag('json', { params: { type: 'object', properties: { n: { type: 'number' }, s: { const: 'x' } } } })
  const fromJson = () => getContext(json).params
  expectTypeOf(fromJson).returns.toEqualTypeOf<{ readonly n: number; readonly s: 'x' }>()
  interface Schema<T> {
    readonly '~standard': {
      readonly version: 1
      readonly vendor: 'zod'
      readonly types?: { readonly input: unknown; readonly output: T }
    }
    readonly shape: object
  }
  const standard = new Dag('standard', { params: {} as Schema<{ region: string }> })
  const fromStandard = () => getContext(standard).params
  expectTypeOf(fromStandard).returns.toEqualTypeOf<{ region: string }>()
})

test('context and client', () => {
  const use = async () => {
    const { logicalDate, ds, signal, logger, filesDir } = getContext()
    logger.info('x', { ds })
    expectTypeOf(logicalDate).toEqualTypeOf<Date>()
    expectTypeOf(filesDir).toEqualTypeOf<string>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(await getClient().getXCom<{ n: number }>({ key: 'k' })).toEqualTypeOf<{ n: number } | null>()
    expectTypeOf(await getClient().getVariableOrThrow('v')).toEqualTypeOf<string>()
    throw new FailError('no')
  }
  expectTypeOf(use).toBeFunction()
})
