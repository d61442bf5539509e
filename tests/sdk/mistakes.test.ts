/** An author's mistakes: all at once, each with code, line and a remedy, and nothing thrown while the file runs. */
import { expect, test } from 'vitest'
import { readDagFile } from './dag-file.ts'

/** `line code` of everything that is wrong with a file. */
function found(code: string, sdk: 'tradewind' | 'airflow' = 'tradewind', more: object = {}): string[] {
  return readDagFile(code, sdk, more).problems.map((problem) => `${problem.line} ${problem.code}`)
}

function only(code: string, more: object = {}) {
  const { problems } = readDagFile(code, 'tradewind', more)
  expect(problems.map((problem) => problem.code)).toHaveLength(1)
  return problems[0]!
}

test('all mistakes of a file are told at once, each at its line', () => {
  expect(
    found(`const dag = new Dag('sales', { schedule: '61 * * * *', timezone: 'Europe/Berln', ownr: 'me' })
      const a = dag.task('a', async () => 1, { retries: -1 })()
      dag.task('a', async () => 2)()
      dag.task('never', async () => 3)
      const twice = dag.task('twice', async () => 4)
      twice()
      twice()
      const other = new Dag('other')
      const foreign = other.task('foreign', async () => 5)()
      const c = dag.task('c', async ({ x }) => x)({ x: foreign })
      const d = dag.task('d', async ({ x }) => x)({ x: c })
      c.after(d)
      new Dag('sales')
    `),
  ).toEqual([
    '3 duplicate-task-id',
    '1 unknown-zone',
    '1 unknown-option',
    '1 bad-cron',
    '4 task-not-called',
    '7 task-called-twice',
    '10 unknown-upstream',
    '12 cycle',
    '2 bad-option',
    '13 duplicate-dag-id',
  ])
})

test('every problem names the file, the value and a remedy', () => {
  const { problems } = readDagFile(`const dag = new Dag('sales', { timezone: 'Europe/Berln' })`)
  expect(problems).toEqual([
    {
      code: 'unknown-zone',
      message: 'The timezone of the Dag "sales" is "Europe/Berln", which is no IANA time zone.',
      remedy: 'Did you mean "Europe/Berlin"?',
      file: 'sales.ts',
      line: 1,
      dagId: 'sales',
    },
  ])
})

test.each([
  ['Berlin', 'Europe/Berlin'],
  ['europe/zurch', 'Europe/Zurich'],
  ['New York', 'America/New_York'],
  ['Utc+', 'UTC'],
])('the zone %s: %s was meant', (timezone, meant) => {
  expect(only(`new Dag('d', { timezone })`, { timezone }).remedy).toContain(meant)
})

test.each([
  ['{ schedule: "@dayly" }', 'bad-preset', '"@daily"'],
  ['{ schedule: "@continuous" }', 'not-supported-yet', 'every'],
  ['{ schedule: "* * *" }', 'bad-cron', 'five fields'],
  ['{ schedule: 5 }', 'bad-schedule', 'cron'],
  ['{ schedule: { every: "10" } }', 'bad-duration', 'unit'],
  ['{ schedule: { every: 0.01 } }', 'bad-duration', 'unit'],
  ['{ schedule: { every: 5, offset: 1 } }', 'unknown-option', 'startDate'],
  ['{ schedule: { every: { months: 1.5 } }, startDate: "2026-01-01" }', 'bad-duration', '{ months: 1 }'],
  ['{ schedule: { every: { month: 1 } }, startDate: "2026-01-01" }', 'bad-duration', 'months'],
  ['{ schedule: { every: {} }, startDate: "2026-01-01" }', 'bad-duration', '{ months: 1 }'],
  ['{ schedule: { every: { months: 1 } } }', 'start-date-needed', 'startDate'],
  ['{ schedule: { cron: [] } }', 'bad-cron', '0 12 * * 6'],
  ['{ schedule: { cron: ["0 0 * * *", 5] } }', 'bad-cron', '0 12 * * 6'],
  ['{ schedule: { cron: ["0 0 * * *", "61 * * * *"] } }', 'bad-cron', 'five fields'],
  ['{ schedule: { cron: "@once" } }', 'bad-cron', 'five cron fields'],
  ['{ schedule: { workdays: "25:00" } }', 'bad-schedule', '07:30'],
  ['{ schedule: { workdays: "7:30", except: ["2026-02-30"] } }', 'bad-date', '2026-12-25'],
  ['{ schedule: { workdays: "7:30", except: "2026-02-03" } }', 'bad-date', '2026-12-25'],
  ['{ schedule: { cron: "0 0 * * *", dataIntervals: 1 } }', 'bad-schedule', 'true'],
  ['{ schedule: { cron: "0 0 * * *", zone: "UTC" } }', 'unknown-option', 'except and dataIntervals'],
  ['{ schedule: { at: [] } }', 'bad-date', 'instants'],
  ['{ schedule: { at: ["noon"] } }', 'bad-date', 'ISO'],
  ['{ schedule: { at: ["2026-01-01"], except: [] } }', 'unknown-option', 'alone'],
  ['{ timezone: "+02:00" }', 'unknown-zone', 'Europe/Berlin'],
  ['{ startDate: "yesterday" }', 'bad-date', '2026-01-31'],
  ['{ startDate: new Date(NaN) }', 'bad-date', '2026-01-31'],
  ['{ startDate: "2026-02-30" }', 'bad-date', '2026-01-31'],
  ['{ startDate: "2026-01-02", endDate: "2026-01-01" }', 'end-before-start', 'correct'],
  ['{ dagrunTimeout: "soon" }', 'bad-duration', 'seconds'],
  ['{ dagrunTimeout: 0 }', 'bad-duration', 'more than 0'],
  ['{ maxActiveRuns: 0 }', 'bad-option', 'whole number'],
  ['{ catchup: "yes" }', 'bad-option', 'true or false'],
  ['{ tags: ["a", 5] }', 'bad-option', 'array'],
  ['{ displayName: "a", dagDisplayName: "b" }', 'bad-option', 'displayName'],
  ['{ catchUp: true }', 'unknown-option', '"catchup"'],
  ['{ queue: "x" }', 'unknown-option', 'Remove'],
  ['{ failFast: 1 }', 'bad-option', 'true or false'],
  ['{ errorStrategy: "compensat" }', 'bad-option', '"compensate"'],
  ['{ errorStrategy: "ignore" }', 'bad-option', 'retry-then-compensate'],
  ['{ correlationId: 5 }', 'bad-option', 'text'],
  ['{ defaultArgs: { compensate: () => {} } }', 'unknown-option', 'Remove'],
  ['{ defaultArgs: { errorStrategy: "x" } }', 'bad-option', 'dead-letter'],
  ['{ maxConsecutiveFailedDagRuns: 3 }', 'not-supported-yet', 'Remove'],
  ['{ defaultArgs: { retrys: 1 } }', 'unknown-option', '"retries"'],
  ['{ defaultArgs: 5 }', 'bad-option', 'object'],
  ['5', 'bad-option', 'object'],
  ['{ params: 5 }', 'bad-params-schema', 'zod'],
  ['{ params: { a: { type: "strin" } } }', 'bad-params-schema', 'JSON Schema'],
  ['{ params: { a: { nested: 1 } } }', 'bad-params-schema', 'default'],
  ['{ params: { a: { type: "string", default: 5 } } }', 'bad-params-schema', 'JSON Schema'],
  ['{ params: { a: () => 1 } }', 'bad-params-schema', 'JSON Schema'],
  ['{ params: { "~standard": { version: 1, vendor: "valibot" } } }', 'bad-params-schema', 'zod 4.2'],
  ['{ schedule: "@daily", params: { a: { type: "string" } } }', 'params-need-defaults', 'default'],
])('Dag options %s: %s', (options, code, remedy) => {
  const problem = only(`new Dag('d', ${options})`)
  expect(problem).toMatchObject({ code, line: 1, dagId: 'd' })
  expect(problem.remedy).toContain(remedy)
})

test.each([
  ['{ retries: 1.5 }', 'bad-option', 'whole number'],
  ['{ retrys: 1 }', 'unknown-option', '"retries"'],
  ['{ retry: 1 }', 'unknown-option', '"retries"'],
  ['{ retryDelay: "5" }', 'bad-duration', "'5 min'"],
  ['{ retryDelay: "5 parsecs" }', 'bad-duration', "'5 min'"],
  ['{ retryDelay: -1 }', 'bad-duration', 'seconds'],
  ['{ retryDelay: Infinity }', 'bad-duration', 'seconds'],
  ['{ retryBackoff: 0.5 }', 'bad-option', '1'],
  ['{ retryJitter: 2 }', 'bad-option', '0 to 1'],
  ['{ timeout: 0 }', 'bad-duration', 'more than 0'],
  ['{ triggerRule: "all_succes" }', 'bad-option', '"all_success"'],
  ['{ weightRule: "up" }', 'bad-option', 'upstream'],
  ['{ isolation: "thread" }', 'bad-option', 'process'],
  ['{ pool: "" }', 'bad-option', 'not empty'],
  ['{ poolSlots: 0 }', 'bad-option', 'whole number'],
  ['{ memoryLimitMb: 1 }', 'bad-option', 'whole number'],
  ['{ dependsOnPast: true }', 'not-supported-yet', 'Remove'],
  ['{ waitForDownstream: true }', 'not-supported-yet', 'Remove'],
  ['{ executor: "x" }', 'unknown-option', 'Remove'],
  ['{ startDate: "2026-01-02", endDate: "2026-01-01" }', 'end-before-start', 'correct'],
  ['{ taskId: "b" }', 'bad-option', 'one place'],
  ['{ errorStrategy: "dead_letter" }', 'bad-option', '"dead-letter"'],
  ['{ compensat: () => {} }', 'unknown-option', '"compensate"'],
  ['{ compensate: true }', 'bad-compensate', 'function'],
  ['{ compensate: "refund" }', 'bad-compensate', 'function'],
  ['{ compensate: {} }', 'bad-compensate', 'run: async'],
  ['{ compensate: { run: "refund" } }', 'bad-compensate', 'run: async'],
  ['{ compensate: { run: () => {}, alsoWhenFail: true } }', 'unknown-option', '"alsoWhenFailed"'],
  ['{ compensate: { run: () => {}, alsoWhenFailed: "yes" } }', 'bad-option', 'true or false'],
  ['{ compensate: { run: () => {}, retries: -1 } }', 'bad-option', 'whole number'],
  ['{ compensate: { run: () => {}, retryDelay: "soon" } }', 'bad-duration', 'seconds'],
  ['{ compensate: { run: () => {}, timeout: 0 } }', 'bad-duration', 'more than 0'],
  ['{ compensate: { run: () => {}, pool: "x" } }', 'unknown-option', 'Remove'],
])('task options %s: %s', (options, code, remedy) => {
  const problem = only(`const dag = new Dag('d')
    dag.task('a', async () => {}, ${options})()`)
  expect(problem).toMatchObject({ code, line: 2, dagId: 'd' })
  expect(problem.remedy).toContain(remedy)
})

test.each([
  ['x: new Date(0)', 'not-json', 'toISOString'],
  ['x: { at: [new Date(0)] }', 'not-json', 'toISOString'],
  ['x: NaN', 'not-json', 'NaN'],
  ['x: 5n', 'not-json', '5n'],
  ['x: () => 1', 'not-json', 'function'],
  ['x: Symbol("s")', 'not-json', 'symbol'],
  ['x: new Map()', 'not-json', 'Map'],
  ['x: [undefined]', 'not-json', 'x"[0]'],
  ['x: circle', 'not-json', 'contains itself'],
  ['x: uncalled', 'not-json', 'uncalled()'],
  ['"a b": 1', 'bad-argument-name', 'name'],
  ['x: dag.param("reggion")', 'unknown-param', '"region"'],
])('argument %s: %s', (argument, code, words) => {
  const problem = only(`const dag = new Dag('d', { params: { region: 'eu' } })
    const circle = {}; circle.self = circle
    const uncalled = dag.task('uncalled', async () => {})
    dag.task('a', async (args) => args)({ ${argument} })
    uncalled()`)
  expect(problem).toMatchObject({ code, line: 4, taskId: 'a' })
  expect(`${problem.message} ${problem.remedy}`).toContain(words)
})

test.each([
  [`new Dag('')`, 'bad-dag-id'],
  [`new Dag('a b')`, 'bad-dag-id'],
  [`new Dag('a'.repeat(251))`, 'bad-dag-id'],
  [`new Dag(undefined)`, 'bad-dag-id'],
  [`new Dag('d').task('a/b', async () => {})()`, 'bad-task-id'],
  [`new Dag('d').task('', async () => {})()`, 'task-without-id'],
  [`new Dag('d').task(async () => {})()`, 'task-without-id'],
  [`new Dag('d').task('a')()`, 'bad-handler'],
  [`new Dag('d').task('a', 5)()`, 'bad-handler'],
  [`new Dag('d').taskGroup('a b')`, 'bad-group-id'],
  [`const d = new Dag('d'); d.taskGroup('a'); d.taskGroup('a')`, 'duplicate-group-id'],
  [`const d = new Dag('d'); d.taskGroup('a'); d.task('a', async () => {})()`, 'duplicate-task-id'],
  [`new Dag('d').taskGroup('a', { tooltip: 'x' })`, 'unknown-option'],
  [`const d = new Dag('d'); d.task('a', async () => {})(d.task('b', async () => 1)())`, 'bad-inputs'],
  [`const d = new Dag('d'); d.task('a', async () => {})().before(undefined)`, 'bad-edge'],
  [
    `const d = new Dag('d'); const b = d.task('b', async () => {}); d.task('a', async () => {})().before(b); b()`,
    'bad-edge',
  ],
  [`const d = new Dag('d'); d.task('a', async () => {})().before(d.taskGroup('g'))`, 'empty-group'],
  [
    `const d = new Dag('d'); const g = d.taskGroup('g'); g.task('a', async () => {})().before(g)`,
    'edge-into-own-group',
  ],
  [`const d = new Dag('d'); const a = d.task('a', async () => {})(); a.before(a)`, 'cycle'],
  [`const d = new Dag('d'); d.if(d.task('a', async () => true)())`, 'if-without-then'],
  [`const d = new Dag('d'); d.switch(d.task('a', async () => 1)())`, 'switch-without-case'],
  [`const d = new Dag('d'); d.triggerDagRun('a', {})`, 'bad-option'],
  [`const d = new Dag('d'); d.triggerDagRun('a', { dagId: 'x', conf: [1] })`, 'bad-option'],
  [`const d = new Dag('d'); d.triggerDagRun('a', { dagId: 'x', config: {} })`, 'unknown-option'],
  [`const d = new Dag('d'); d.triggerDagRun('a', { dagId: 'x', waitForCompletion: true })`, 'not-supported-yet'],
])('%s: %s', (code, expected) => {
  expect(found(code)).toEqual([`1 ${expected}`])
})

test('a case twice for different tasks', () => {
  expect(
    found(`const d = new Dag('d')
      const [a, b] = ['a', 'b'].map((id) => d.task(id, async () => {})())
      d.switch(async function pick() { return 1 })
        .case(1, a)
        .case(1, b)`),
  ).toEqual(['5 duplicate-case'])
})

test('branch targets, deciders and edges of another Dag', () => {
  expect(
    found(`const d = new Dag('d')
      const e = new Dag('e')
      const a = d.task('a', async () => true)()
      const b = e.task('b', async () => true)()
      d.if(a).then(b)
      a.before(b)
      e.if(a).then(b)`).sort(),
  ).toEqual(['5 unknown-upstream', '6 unknown-upstream', '7 unknown-upstream', '7 unknown-upstream'])
})

test('a cycle is named by its path, also through groups and order-only edges', () => {
  const problem = only(`const d = new Dag('d')
    const [a, b, c] = ['a', 'b', 'c'].map((id) => d.task(id, async () => {})())
    const g = d.taskGroup('g')
    const x = g.task('x', async ({ v }) => v)({ v: a })
    const y = g.task('y', async ({ v }) => v)({ v: x })
    g.before(b)
    b.before(c)
    c.before(a)`)
  expect(problem).toMatchObject({ code: 'cycle', line: 8 })
  const path = /circle: (.*)\./.exec(problem.message)![1]!.split(' -> ')
  expect(path).toHaveLength(6)
  const ring = [...path.slice(path.indexOf('a'), -1), ...path.slice(0, path.indexOf('a'))]
  expect(ring).toEqual(['a', 'g.x', 'g.y', 'b', 'c'])
})

test('two separate circles are two problems', () => {
  expect(
    found(`const d = new Dag('d')
      const [a, b, x, y] = ['a', 'b', 'x', 'y'].map((id) => d.task(id, async () => {})())
      a.before(b); b.before(a)
      x.before(y); y.before(x)`),
  ).toEqual(['3 cycle', '4 cycle'])
})

test('a condition that is awaited does not hang, and is reported', async () => {
  const { problems } = readDagFile('')
  expect(problems).toEqual([])
  const awaited: Promise<unknown>[] = []
  const file = readDagFile(
    `const d = new Dag('d')
      const a = d.task('a', async () => {})()
      const gate = d.if(async function wet() { return true })
      gate.then(a)
      later(Promise.resolve(gate))`,
    'tradewind',
    { later: (promise: Promise<unknown>) => awaited.push(promise) },
  )
  expect(file.problems).toEqual([])
  expect(await awaited[0]).toBeUndefined()
  const { serializeDags } = await import('../../sdk/internal.ts')
  const again = serializeDags(file.dags, { file: 'sales.ts', positionOf: () => null })
  expect(again.problems.map((problem) => problem.code)).toEqual(['condition-awaited'])
})

test('a mistake made in a shared file names that file', async () => {
  const { serializeDags } = await import('../../sdk/internal.ts')
  const { dags } = readDagFile(`new Dag('d', { nonsense: 1 })`)
  const { problems } = serializeDags(dags, {
    file: 'sales.ts',
    positionOf: () => ({ file: 'shared/make-dag.ts', line: 42 }),
  })
  expect(problems).toMatchObject([{ file: 'shared/make-dag.ts', line: 42, code: 'unknown-option' }])
})
