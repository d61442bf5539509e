/** What a person does first: drop a file into the folder, edit it, break it, heal it, delete it. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Place, type Program } from './program.ts'

let place: Place
let program: Program
beforeAll(async () => {
  place = await Place.make()
  program = await place.start()
  await program.line(/leading with epoch/)
})
afterAll(() => place.close())

const put = (name: string, text: string) => writeFile(join(place.dags, name), text)
const dag = (answer: number, schedule = '@once') => `
import { Dag } from 'tradewind'
const dag = new Dag('dropped', { schedule: '${schedule}' })
const answer = dag.task('answer', () => ${answer})
const double = dag.task('double', ({ n }: { n: number }) => n * 2)
double({ n: answer() })
`

test('a dropped file is live within a second and runs without a click', async () => {
  const before = performance.now()
  await put('dropped.ts', dag(21))
  await place.until(`select dag_id from dag where dag_id = 'dropped'`, (rows) => rows.length === 1)
  expect(performance.now() - before).toBeLessThan(1000)
  await place.until<{ state: string }>(
    `select state from dag_run where dag_id = 'dropped'`,
    ([run]) => run?.state === 'success',
  )
  expect(await value('double')).toBe(42)
  const dags = await place.json<{ dag_id: string }[]>('dags', 'list')
  expect(dags.map((one) => one.dag_id)).toContain('dropped')
})

test('an edit is live within a second; the next run uses it', async () => {
  const before = performance.now()
  await put('dropped.ts', dag(50))
  await place.until<{ n: number }>(
    `select version_number as n from dag_version v join dag d on d.version_id = v.version_id where d.dag_id = 'dropped'`,
    ([row]) => row?.n === 2,
  )
  expect(performance.now() - before).toBeLessThan(1000)
  await place.json('dags', 'trigger', 'dropped')
  await place.until<{ n: number }>(
    `select count(*)::int as n from dag_run where dag_id = 'dropped' and state = 'success'`,
    ([row]) => row!.n === 2,
  )
  expect(await value('double')).toBe(100)
})

test('broken, it shows file, line and remedy within a second, and the old version still runs', async () => {
  const before = performance.now()
  await put('dropped.ts', `${dag(1)}\ndouble({ n: )\n`)
  await place.until(`select file from import_error where file = 'dropped.ts'`, (rows) => rows.length === 1)
  expect(performance.now() - before).toBeLessThan(1000)
  const { code, stdout } = await place.cli('dags', 'errors')
  expect(code).toBe(1)
  expect(stdout).toMatch(/dropped\.ts:8/)
  await place.json('dags', 'trigger', 'dropped')
  await place.until<{ n: number }>(
    `select count(*)::int as n from dag_run where dag_id = 'dropped' and state = 'success'`,
    ([row]) => row!.n === 3,
  )
  expect(await value('double')).toBe(100)
  await put('dropped.ts', dag(50))
  await place.until(`select file from import_error`, (rows) => rows.length === 0)
})

test('deleted, its Dag is inactive and its history stays', async () => {
  await rm(join(place.dags, 'dropped.ts'))
  await place.until<{ is_active: boolean }>(
    `select is_active from dag where dag_id = 'dropped'`,
    ([row]) => row?.is_active === false,
  )
  const runs = await place.json<unknown[]>('runs', 'list', 'dropped')
  expect(runs).toHaveLength(3)
})

test('a file written for the Airflow SDK runs unchanged', async () => {
  await put(
    'airflow_hello.ts',
    `import { Bundle, Dag, getClient, getContext } from '@apache-airflow/ts-sdk'
const dag = new Dag('ts_hello', { schedule: '@once', queue: 'typescript', tags: ['x'] })
const extract = dag.task('extract', async (): Promise<number> => 42)
const report = dag.task('report', async ({ rows }: { rows: number }) => {
  console.log(\`extracted \${rows} rows\`)
  const again = await getClient().getXCom<number>({ key: 'return_value', taskId: 'extract' })
  return { rows, again, dagId: getContext().dagId, missing: await getClient().getVariable('nope') }
})
report({ rows: extract() })
await new Bundle(dag).serve()
`,
  )
  await place.until<{ state: string }>(
    `select state from dag_run where dag_id = 'ts_hello'`,
    ([run]) => run?.state === 'success',
  )
  expect(await value('report')).toEqual({ rows: 42, again: 42, dagId: 'ts_hello', missing: null })
  const runs = await place.json<{ dag_run_id: string }[]>('runs', 'list', 'ts_hello')
  const logs = await place.cli('logs', 'ts_hello', 'report', runs[0]!.dag_run_id)
  expect(logs.stdout).toContain('extracted 42 rows')
})

test('its health is open, without names', async () => {
  const health = (await (await fetch(`${program.url}/api/v2/monitor/health`)).json()) as Record<
    string,
    { status: string }
  >
  expect(Object.values(health).map((part) => part.status)).toEqual(['healthy', 'healthy', 'healthy'])
})

test('a second program on the same folder gets a clear error', async () => {
  const { code, stderr, stdout } = await place.cli('standalone')
  expect(code).toBe(1)
  expect(stderr + stdout).toMatch(/already|another|pid/i)
})

test('children see no secrets: environment, parent, data folder', async () => {
  await put(
    'nosy.ts',
    `import { readFileSync } from 'node:fs'
import { Dag } from 'tradewind'
const dag = new Dag('nosy', { schedule: '@once' })
const attempt = (what: string) => { try { return readFileSync(what, 'utf8') } catch (error) { return (error as { code: string }).code } }
dag.task('look', () => ({
  env: Object.keys(process.env),
  parent: attempt(\`/proc/\${process.ppid}/environ\`),
  key: attempt(${JSON.stringify(join('.tradewind', 'secret.key'))}),
  keyPath: attempt(${JSON.stringify('__DATA__/secret.key')}),
}))()
`.replace('__DATA__', place.data),
  )
  await place.until<{ state: string }>(
    `select state from dag_run where dag_id = 'nosy'`,
    ([run]) => run?.state === 'success',
  )
  const seen = (await value('look')) as { env: string[]; parent: string; key: string; keyPath: string }
  const secret = (await readFile(join(place.data, 'secret.key'), 'utf8')).trim()
  expect(JSON.stringify(seen)).not.toContain(secret)
  expect(seen.env.filter((name) => /DATABASE|SECRET|PASSWORD|PG/i.test(name))).toEqual([])
  if (process.getuid?.() === 0) expect([seen.parent, seen.keyPath]).toEqual(['EACCES', 'EACCES'])
})

async function value(taskId: string): Promise<unknown> {
  const [row] = await place.query<{ value: string }>(
    `select x.json as value from xcom x join task_instance t on t.id = x.ti_id and t.try_number = x.try_number
     where t.task_id = '${taskId}' and x.key = 'return_value' order by t.id desc limit 1`,
  )
  return JSON.parse(row!.value)
}
