/** What a Dag file becomes: options, wiring, groups, branches, triggers. */
import { describe, expect, test } from 'vitest'
import { edges, readDag, readDagFile } from './dag-file.ts'

test('the call graph is the task graph', () => {
  const dag = readDag(`
    const dag = new Dag('sales', { schedule: '0 2 * * *', timezone: 'Europe/Berlin', startDate: '2026-01-01', catchup: true })
    const extract = dag.task('extract', async ({ region }) => [region], { retries: 5 })
    const load = dag.task('load', async ({ rows }) => rows.length, { pool: 'warehouse' })
    load({ rows: extract({ region: 'eu' }) })
  `)
  expect(dag).toEqual({
    format: 1,
    dagId: 'sales',
    file: 'sales.ts',
    line: 2,
    schedule: { kind: 'cron', expression: '0 2 * * *' },
    timezone: 'Europe/Berlin',
    startDate: Date.UTC(2025, 11, 31, 23),
    catchup: true,
    tags: [],
    tasks: [
      {
        taskId: 'extract',
        kind: 'task',
        upstream: [],
        inputs: { region: { kind: 'literal', value: 'eu' } },
        retries: 5,
        line: 3,
      },
      {
        taskId: 'load',
        kind: 'task',
        upstream: ['extract'],
        inputs: { rows: { kind: 'xcom', taskId: 'extract' } },
        pool: 'warehouse',
        line: 4,
      },
    ],
    groups: [],
  })
  expect(JSON.parse(JSON.stringify(dag))).toEqual(dag)
})

test('references nest in arrays and objects, and params are bound by name', () => {
  const dag = readDag(`
    const dag = new Dag('d', { params: { region: 'eu' } })
    const a = dag.task('a', async () => 1)()
    const b = dag.task('b', async () => 2)()
    dag.task('c', async (args) => args)({
      zeta: { parts: [a, { deep: b }], fixed: { list: [1, null], gone: undefined } },
      alpha: dag.param('region'),
    })
  `)
  const task = dag.tasks[2]!
  expect(task.upstream).toEqual(['a', 'b'])
  expect(Object.keys(task.inputs)).toEqual(['alpha', 'zeta'])
  expect(task.inputs).toEqual({
    alpha: { kind: 'param', name: 'region' },
    zeta: {
      kind: 'object',
      fields: {
        parts: {
          kind: 'list',
          items: [
            { kind: 'xcom', taskId: 'a' },
            { kind: 'object', fields: { deep: { kind: 'xcom', taskId: 'b' } } },
          ],
        },
        fixed: { kind: 'literal', value: { list: [1, null] } },
      },
    },
  })
})

test('a task takes its id from its options or from the name of its handler', () => {
  const dag = readDag(`
    const dag = new Dag('d')
    dag.task(async function extract() {})()
    const transform = async () => {}
    dag.task(transform)()
    dag.task(async () => {}, { taskId: 'load' })()
  `)
  expect(dag.tasks.map((task) => task.taskId)).toEqual(['extract', 'transform', 'load'])
})

test('options are read in their units, with the names of Airflow too', () => {
  const dag = readDag(`
    const dag = new Dag('d', {
      schedule: { every: '10 minutes' }, startDate: new Date(0), endDate: '2026-03-31', timezone: 'America/New_York',
      maxActiveRuns: 2, maxActiveTasks: 3, dagrunTimeout: '1 h 30 min', isPausedUponCreation: true, dagDisplayName: 'D',
      description: 'd', docMd: '# d', owner: 'me', tags: ['b', 'a', 'b'], defaultArgs: { retries: 1, timeout: 60, owner: 'you' },
    })
    dag.task('a', async () => {}, {
      retryDelay: 30, retryExponentialBackoff: true, maxRetryDelay: '5 min', retryJitter: 0.1, executionTimeout: null,
      triggerRule: 'all_done', pool: 'p', poolSlots: 2, priorityWeight: -3, weightRule: 'absolute', maxActiveTisPerDag: 4,
      maxActiveTisPerDagrun: 5, isolation: 'process', memoryLimitMb: 512, doXcomPush: false, docMd: 'x', retries: 0,
      startDate: '2026-01-01T06:00', endDate: '2026-01-02T06:00Z',
    })()
    dag.task('b', async () => {})()
  `)
  expect(dag).toMatchObject({
    schedule: { kind: 'interval', everyMs: 600_000 },
    startDate: 0,
    endDate: Date.UTC(2026, 3, 1, 4) - 1,
    maxActiveRuns: 2,
    maxActiveTasks: 3,
    dagrunTimeoutMs: 5_400_000,
    isPausedUponCreation: true,
    displayName: 'D',
    description: 'd',
    docMd: '# d',
    owner: 'me',
    tags: ['a', 'b'],
  })
  expect(dag.tasks[0]).toEqual({
    taskId: 'a',
    kind: 'task',
    upstream: [],
    inputs: {},
    retries: 0,
    retryDelayMs: 30_000,
    retryBackoff: 2,
    maxRetryDelayMs: 300_000,
    retryJitter: 0.1,
    timeoutMs: null,
    triggerRule: 'all_done',
    pool: 'p',
    poolSlots: 2,
    priorityWeight: -3,
    weightRule: 'absolute',
    maxActiveTisPerDag: 4,
    maxActiveTisPerDagrun: 5,
    isolation: 'process',
    memoryLimitMb: 512,
    doXcomPush: false,
    docMd: 'x',
    owner: 'you',
    startDate: Date.UTC(2026, 0, 1, 11),
    endDate: Date.UTC(2026, 0, 2, 6),
    line: 7,
  })
  expect(dag.tasks[1]).toMatchObject({ retries: 1, timeoutMs: 60_000, owner: 'you' })
})

test('a calendar period counts from the start date, in its own terms', () => {
  const options = { schedule: { every: { years: 1, weeks: 2 } }, startDate: '2026-01-31' }
  expect(readDag(`new Dag('d', options)`, 'tradewind', { options }).schedule).toEqual({
    kind: 'ticks',
    sources: [{ kind: 'calendar', months: 12, days: 14 }],
  })
})

test.each([
  ['@once', { kind: 'once' }],
  ['@hourly', { kind: 'cron', expression: '0 * * * *' }],
  ['@daily', { kind: 'cron', expression: '0 0 * * *' }],
  ['@midnight', { kind: 'cron', expression: '0 0 * * *' }],
  ['@weekly', { kind: 'cron', expression: '0 0 * * 0' }],
  ['@monthly', { kind: 'cron', expression: '0 0 1 * *' }],
  ['@quarterly', { kind: 'cron', expression: '0 0 1 */3 *' }],
  ['@yearly', { kind: 'cron', expression: '0 0 1 1 *' }],
  ['@annually', { kind: 'cron', expression: '0 0 1 1 *' }],
  ['  5   4 * *  sun ', { kind: 'cron', expression: '5 4 * * sun' }],
  [null, { kind: 'none' }],
  [undefined, { kind: 'none' }],
  [{ every: 90 }, { kind: 'interval', everyMs: 90_000 }],
  [{ cron: ' 0  2 * * *' }, { kind: 'cron', expression: '0 2 * * *' }],
  [{ cron: ['@daily', '0 0 * * *'] }, { kind: 'cron', expression: '0 0 * * *' }],
  [
    { cron: ['0 8 * * 1-5', '0 12 * * 6'] },
    {
      kind: 'ticks',
      sources: [
        { kind: 'cron', expression: '0 8 * * 1-5' },
        { kind: 'cron', expression: '0 12 * * 6' },
      ],
    },
  ],
  [
    { every: '1 day', dataIntervals: true },
    { kind: 'ticks', sources: [{ kind: 'interval', everyMs: 86_400_000 }], dataIntervals: true },
  ],
  [
    { every: '1 day', dataIntervals: false, except: [] },
    { kind: 'interval', everyMs: 86_400_000 },
  ],
  [
    { workdays: '07:05', except: ['2026-12-26', '2026-12-25', '2026-12-26'] },
    {
      kind: 'ticks',
      sources: [{ kind: 'cron', expression: '5 7 * * 1-5' }],
      except: ['2026-12-25', '2026-12-26'],
    },
  ],
  [{ at: ['2026-06-01T08:00', new Date(0), '1970-01-01'] }, { kind: 'events', at: [0, Date.UTC(2026, 5, 1, 8)] }],
])('schedule %j', (schedule, expected) => {
  expect(readDag(`new Dag('d', { schedule })`, 'tradewind', { schedule }).schedule).toEqual(expected)
})

describe('order-only edges', () => {
  test('before and after, several at once, twice the same, and chained', () => {
    const dag = readDag(`
      const dag = new Dag('d')
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => dag.task(id, async () => {})())
      a.before(b, c).before(b)
      d.after(b, c).after(a)
    `)
    expect(edges(dag)).toEqual({ a: '', b: 'a', c: 'a', d: 'a, b, c' })
  })

  test('a group stands for its last tasks upstream and its first tasks downstream, whenever the edge is drawn', () => {
    const dag = readDag(`
      const dag = new Dag('d')
      const start = dag.task('start', async () => {})()
      const end = dag.task('end', async () => {})()
      const g = dag.taskGroup('g')
      const inner = g.taskGroup('inner')
      start.before(g)
      g.before(end)
      const a = g.task('a', async () => {})()
      const b = inner.task('b', async ({ x }) => x)({ x: a })
      const c = inner.task('c', async () => {})()
      const z = g.task('z', async () => {})()
      inner.before(z)
    `)
    expect(edges(dag)).toEqual({
      start: '',
      end: 'g.z',
      'g.a': 'start',
      'g.inner.b': 'g.a',
      'g.inner.c': 'start',
      'g.z': 'g.inner.b, g.inner.c',
    })
    expect(dag.groups).toEqual([{ groupId: 'g' }, { groupId: 'g.inner', parentId: 'g' }])
    expect(dag.tasks.find((task) => task.taskId === 'g.inner.b')?.groupId).toBe('g.inner')
  })

  test('two groups in order, one without prefix, with defaults of their own', () => {
    const dag = readDag(`
      const dag = new Dag('d', { defaultArgs: { retries: 1, pool: 'a' } })
      const one = dag.taskGroup('one', { prefixGroupId: false, docMd: 'first', defaultArgs: { retries: 2 } })
      const two = dag.taskGroup('two')
      one.task('x', async () => {})()
      const y = one.task('y', async () => {}, { retries: 3 })()
      two.task('z', async () => {})()
      two.after(one)
    `)
    expect(edges(dag)).toEqual({ x: '', y: '', 'two.z': 'x, y' })
    expect(dag.tasks.map((task) => task.retries)).toEqual([2, 3, 1])
    expect(dag.tasks.every((task) => task.pool === 'a')).toBe(true)
    expect(dag.groups).toEqual([{ groupId: 'one', docMd: 'first' }, { groupId: 'two' }])
  })
})

describe('branches', () => {
  test('if on a placed task, with groups and several targets', () => {
    const dag = readDag(`
      const dag = new Dag('d')
      const wet = dag.task('wet', async () => true)()
      const [a, b] = ['a', 'b'].map((id) => dag.task(id, async () => {})())
      const g = dag.taskGroup('g')
      const first = g.task('first', async () => 1)()
      g.task('second', async ({ x }) => x)({ x: first })
      dag.if(wet).then(a, g).else(b)
    `)
    expect(dag.tasks[0]!.branches).toEqual([{ kind: 'if', then: ['a', 'g.first'], else: ['b'] }])
    expect(edges(dag)).toEqual({ wet: '', a: 'wet', b: 'wet', 'g.first': 'wet', 'g.second': 'g.first' })
  })

  test('if with a handler, inputs and options; the condition is an end of edges', () => {
    const dag = readDag(`
      const dag = new Dag('d')
      const rows = dag.task('rows', async () => 3)()
      const a = dag.task('a', async () => {})()
      const gate = dag.taskGroup('checks').if(async ({ rows }) => rows > 0, { rows }, { taskId: 'has_rows', retries: 2 })
      gate.then(a)
      const before = dag.task('before', async () => {})()
      gate.after(before)
    `)
    const gate = dag.tasks.find((task) => task.taskId === 'checks.has_rows')
    expect(gate).toMatchObject({
      upstream: ['before', 'rows'],
      groupId: 'checks',
      retries: 2,
      branches: [{ kind: 'if', then: ['a'], else: [] }],
    })
  })

  test('switch by reference, by value, by group, with a default', () => {
    const dag = readDag(`
      const dag = new Dag('d')
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => dag.task(id, async () => {})())
      const g = dag.taskGroup('g')
      g.task('x', async () => {})()
      dag.switch(async function pick() { return a }).case(a).case(a).case('cold', b, c).case(g).default(d)
    `)
    expect(dag.tasks.at(-1)).toMatchObject({
      taskId: 'pick',
      branches: [
        {
          kind: 'switch',
          cases: [
            { value: 'a', taskIds: ['a'] },
            { value: 'cold', taskIds: ['b', 'c'] },
            { value: 'g', taskIds: ['g.x'] },
          ],
          otherwise: ['d'],
        },
      ],
    })
    expect(edges(dag)).toEqual({ a: 'pick', b: 'pick', c: 'pick', d: 'pick', 'g.x': 'pick', pick: '' })
  })
})

test('triggerDagRun in its three forms', () => {
  const dag = readDag(`
    const dag = new Dag('d')
    const rows = dag.task('rows', async () => 1)()
    const started = dag.triggerDagRun('one', {
      dagId: 'other', conf: { rows, fixed: 1 }, runId: 'r', logicalDate: '2026-01-01', note: 'n',
    }, { retries: 0 })
    dag.triggerDagRun({ taskId: 'two', dagId: 'other' }).after(started)
    dag.task(triggerDagRun({ dagId: 'other', conf: { a: 1 } }), { taskId: 'three' })()
  `)
  expect(dag.tasks.slice(1)).toMatchObject([
    {
      taskId: 'one',
      kind: 'trigger',
      upstream: ['rows'],
      inputs: {},
      retries: 0,
      trigger: {
        dagId: 'other',
        runId: 'r',
        logicalDate: Date.UTC(2026, 0, 1),
        note: 'n',
        conf: {
          kind: 'object',
          fields: { rows: { kind: 'xcom', taskId: 'rows' }, fixed: { kind: 'literal', value: 1 } },
        },
      },
    },
    { taskId: 'two', kind: 'trigger', upstream: ['one'], trigger: { dagId: 'other' } },
    { taskId: 'three', trigger: { dagId: 'other', conf: { kind: 'literal', value: { a: 1 } } } },
  ])
})

test('several Dags of a file; those without mistakes are kept', () => {
  const { serialized, problems } = readDagFile(`
    new Dag('a')
    new Dag('b', { schedule: 'never' })
    new Dag('c')
  `)
  expect(serialized.map((dag) => dag.dagId)).toEqual(['a', 'c'])
  expect(problems).toHaveLength(1)
})

test('equal files give equal text', () => {
  const code = `
    const dag = new Dag('d', { tags: ['b', 'a'], params: { x: 1 } })
    const a = dag.task('a', async () => {})()
    const b = dag.task('b', async () => {})()
    dag.task('c', async () => {})().after(b, a)
  `
  expect(JSON.stringify(readDag(code))).toBe(JSON.stringify(readDag(code)))
  expect(readDag(code).tasks[2]!.upstream).toEqual(['a', 'b'])
})

test('ten thousand tasks in a chain', () => {
  const dag = readDag(`
    const dag = new Dag('d')
    let last = dag.task('t0', async () => 0)()
    for (let i = 1; i < 10000; i++) last = dag.task('t' + i, async ({ x }) => x)({ x: last })
  `)
  expect(dag.tasks).toHaveLength(10_000)
})
