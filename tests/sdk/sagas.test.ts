/** Sagas, compensations and error strategies as a Dag file declares them, and what is wrong with them. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { toParsedDag } from '../../scheduler/dag-processor/content-hash.ts'
import { edges, readDag, readDagFile } from './dag-file.ts'

const ORDER = `
  const dag = new Dag('order', { errorStrategy: 'compensate', failFast: true, correlationId: 'order-{params.id}', params: { id: '1' } })
  const reserve = dag.task('reserve', async () => 'r1', { compensate: async ({ output }) => output })()
  const charge = dag.task('charge', async ({ reservation }) => reservation, {
    errorStrategy: 'retry',
    compensate: { run: async () => {}, alsoWhenFailed: true, retries: 5, retryDelay: '2 s', retryBackoff: 1, maxRetryDelay: 60, timeout: null },
  })({ reservation: reserve })
  dag.triggerDagRun('ship', { dagId: 'shipping' }, { compensate: true }).after(charge)
  dag.task(triggerDagRun({ dagId: 'mail' }), { taskId: 'mail', compensate: { retries: 1, alsoWhenFailed: true } })()
  dag.triggerDagRun('log', { dagId: 'logging' }, { compensate: false })
`

test('a compensation is serialized as its settings, the code stays in the bundle', () => {
  const dag = readDag(ORDER)
  expect(dag).toMatchObject({ errorStrategy: 'compensate', failFast: true, correlationId: 'order-{params.id}' })
  expect(Object.fromEntries(dag.tasks.map((task) => [task.taskId, task.compensate]))).toEqual({
    reserve: {},
    charge: {
      alsoWhenFailed: true,
      retries: 5,
      retryDelayMs: 2_000,
      retryBackoff: 1,
      maxRetryDelayMs: 60_000,
      timeoutMs: null,
    },
    ship: {},
    mail: { retries: 1, alsoWhenFailed: true },
    log: undefined,
  })
  expect(dag.tasks.map((task) => task.errorStrategy)).toEqual([undefined, 'retry', undefined, undefined, undefined])
  expect(JSON.parse(JSON.stringify(dag))).toEqual(dag)
})

test('a strategy may come from the defaults of the Dag or of a saga', () => {
  const dag = readDag(`
    const dag = new Dag('d', { defaultArgs: { errorStrategy: 'retry' } })
    dag.task('a', async () => {})()
    const s = dag.saga('s', { defaultArgs: { errorStrategy: 'compensate' } })
    s.task('b', async () => {}, { compensate() {} })()
    s.task('c', async () => {}, { errorStrategy: 'dead-letter' })()
  `)
  expect(dag.tasks.map((task) => task.errorStrategy)).toEqual(['retry', 'compensate', 'dead-letter'])
})

test('a saga is a group: prefixed, at both ends of edges, declared in a function or piece by piece', () => {
  const dag = readDag(`
    const dag = new Dag('d')
    const start = dag.task('start', async () => 1)()
    let inner
    const order = dag.saga('order', (saga) => {
      const a = saga.task('a', async ({ n }) => n, { compensate() {} })({ n: start })
      const checks = saga.taskGroup('checks')
      inner = checks.task('b', async () => {})().after(a)
    }, { docMd: 'The order.' })
    const done = dag.task('done', async () => {})()
    order.after(start).before(done)
    const rest = dag.saga('rest', { prefixGroupId: false })
    rest.task('c', async () => {}, { compensate() {} })().after(inner)
    dag.taskGroup('outside').saga('within', (saga) => { saga.task('d', async () => {}, { compensate() {} })() })
  `)
  expect(edges(dag)).toEqual({
    start: '',
    'order.a': 'start',
    'order.checks.b': 'order.a',
    done: 'order.checks.b',
    c: 'order.checks.b',
    'outside.within.d': '',
  })
  expect(dag.groups).toEqual([
    { groupId: 'order', docMd: 'The order.', saga: true },
    { groupId: 'order.checks', parentId: 'order' },
    { groupId: 'rest', saga: true },
    { groupId: 'outside' },
    { groupId: 'outside.within', parentId: 'outside', saga: true },
  ])
})

test('a file that uses none of it has the hash it had before', () => {
  const dag = readDag(`
    const dag = new Dag('plain', { schedule: '0 2 * * *', params: { region: 'eu' }, defaultArgs: { retries: 1 }, failFast: false })
    const a = dag.task('a', async ({ region }) => region)({ region: dag.param('region') })
    const group = dag.taskGroup('g', { docMd: 'x' })
    group.task('b', async () => 1, { errorStrategy: undefined, compensate: undefined })().after(a)
    dag.triggerDagRun('t', { dagId: 'other' })
  `)
  const { contentHash } = toParsedDag(dag, createHash('sha256').update('code').digest('hex'))
  expect(contentHash).toBe('16f4a409c9cc68f94ce7bfbb96d92372876e4cd090cec43153fd44bfaf4293de')
})

describe('mistakes', () => {
  test.each([
    ['in the saga itself', `dag.saga('outer').saga('inner')`],
    ['in a group of it', `dag.saga('outer').taskGroup('inner', { prefixGroupId: false }).saga('inner2')`],
  ])('a saga in a saga: %s', (_, code) => {
    const { problems } = readDagFile(`const dag = new Dag('d')\n${code}`)
    expect(problems).toMatchObject([
      {
        code: 'nested-saga',
        line: 2,
        message: expect.stringMatching(/^The saga "outer\.inner2?" lies in the saga "outer"; sagas do not nest\.$/),
        remedy: expect.stringContaining('taskGroup'),
      },
    ])
  })

  test('a saga is built at once', () => {
    const { problems } = readDagFile(`const dag = new Dag('d')
      dag.saga('s', async (saga) => { saga.task('a', async () => {}, { compensate() {} })() })`)
    expect(problems).toMatchObject([{ code: 'bad-saga', line: 2, remedy: expect.stringContaining('without await') }])
  })

  test('a started run is undone by its own compensations, not by a function', () => {
    const { problems } = readDagFile(`const dag = new Dag('d')
      dag.triggerDagRun('t', { dagId: 'x' }, { compensate: async () => {} })
      dag.triggerDagRun('u', { dagId: 'x' }, { compensate: { run() {} } })`)
    expect(problems).toMatchObject([
      { code: 'bad-compensate', line: 2, taskId: 't', remedy: expect.stringContaining('Set compensate to true') },
      { code: 'unknown-option', line: 3, taskId: 'u', remedy: 'Remove "run".' },
    ])
  })
})

describe('warnings, with which the Dag is taken', () => {
  function warned(code: string): string[] {
    const { warnings, problems, serialized } = readDagFile(code)
    expect(problems).toEqual([])
    expect(serialized).toHaveLength(1)
    return warnings.map(({ code: name, line, taskId }) => `${line} ${name}${taskId === undefined ? '' : ` ${taskId}`}`)
  }

  test('a compensation takes an output that is not kept', () => {
    expect(
      warned(`const dag = new Dag('d', { defaultArgs: { doXcomPush: false } })
      dag.task('a', async () => 1, { compensate: async ({ output }) => output })()
      dag.task('b', async () => 1, { compensate: { run: (given) => given.output } })()
      dag.task('c', async () => 1, { compensate: async ({ input }) => input })()
      dag.task('d', async () => 1, { compensate: async ({ output }) => output, doXcomPush: true })()`),
    ).toEqual(['2 output-not-kept a', '3 output-not-kept b'])
  })

  test('a saga that undoes nothing', () => {
    expect(
      warned(`const dag = new Dag('d')
      dag.saga('a', (saga) => { saga.task('x', async () => {})() })
      dag.saga('b', (saga) => { saga.taskGroup('g').task('y', async () => {}, { compensate() {} })() })`),
    ).toEqual(['2 saga-without-compensation'])
  })

  test('retries that the strategy does not use', () => {
    expect(
      warned(`const dag = new Dag('d', { defaultArgs: { retries: 5 } })
      dag.task('a', async () => {}, { retries: 2, errorStrategy: 'dead-letter' })()
      dag.task('b', async () => {}, { retries: 0, errorStrategy: 'compensate' })()
      dag.task('c', async () => {}, { errorStrategy: 'compensate' })()
      dag.task('d', async () => {}, { retries: 2, errorStrategy: 'retry' })()`),
    ).toEqual(['2 unused-retries a'])
  })
})
