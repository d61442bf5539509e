/** What the API shows, over a real database; every answer is held to its schema. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { saveBundle } from '../../database/bundles.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { seed } from './seed.ts'
import { parts } from './web-server.ts'

let app: FastifyInstance
const logged: string[] = []
const SOURCE = 'export const dag = new Dag("sales")\n'

beforeAll(async () => {
  const database = await createTestDatabase()
  await seed(database)
  await saveBundle(database.pool, {
    hash: 'bundle-1',
    format: 'cjs',
    code: '1',
    sourceMap: JSON.stringify({ sources: ['lib/sales.ts', 'sales.ts'], sourcesContent: ['other', SOURCE] }),
  })
  app = createWebServer(
    parts({
      pool: database.pool,
      log: (line) => logged.push(line),
      settings: [{ key: 'scheduler.catchup', value: 'false', source: 'default' }],
      logs: {
        read: async ({ taskId, tryNumber }, from = 0) =>
          from === 0
            ? { lines: [{ at: 0, level: 'info', source: 'task', text: `${taskId} ${tryNumber}` }], nextByte: 60 }
            : { lines: [], nextByte: from },
      },
    }),
  )
  await app.ready()
})
afterAll(async () => {
  await app.close()
  expect(logged).toEqual([])
})

async function get(path: string, status = 200) {
  const answer = await app.inject(`/api/v2${path}`)
  expect(answer.statusCode, `${path}: ${answer.body} ${logged.join('\n')}`).toBe(status)
  return answer.json()
}
const RUN = '/dags/sales/dagRuns/manual__2'

describe('Dags', () => {
  test('list: only active ones, with schedule, tags and newest runs', async () => {
    const { dags, total_entries } = await get('/dags')
    expect(total_entries).toBe(1)
    expect(dags[0]).toMatchObject({
      dag_id: 'sales',
      dag_display_name: 'Sales',
      is_paused: false,
      is_stale: false,
      timetable_summary: '0 2 * * *',
      timetable_description: 'every day at 02:00 (Europe/Berlin)',
      tags: [{ name: 'daily' }, { name: 'money' }],
      next_dagrun_run_after: '2026-01-11T00:00:00.000Z',
    })
    expect(dags[0].recent_runs.map((run: { dag_run_id: string }) => run.dag_run_id)).toEqual([
      'a/b c+d',
      'manual__2',
      'scheduled__1',
    ])
  })

  test.each([
    ['?only_active=false', ['old', 'sales']],
    ['?only_active=false&order_by=-dag_id', ['sales', 'old']],
    ['?only_active=false&limit=1&offset=1', ['sales']],
    ['?only_active=false&last_dag_run_state=success', ['old']],
    ['?dag_id_pattern=ale', ['sales']],
    ['?dag_id_pattern=ale%25', []],
    ['?dag_id_pattern=%25a_es', ['sales']],
    ['?tags=daily&tags=nothing', ['sales']],
    ['?tags=daily&tags=nothing&tags_match_mode=all', []],
    ['?paused=true', []],
    ['?limit=0', []],
  ])('list %s', async (query, ids) => {
    expect((await get(`/dags${query}`)).dags.map((one: { dag_id: string }) => one.dag_id)).toEqual(ids)
  })

  test('one, its details, structure, tags, versions and source', async () => {
    expect((await get('/dags/sales')).task_count).toBe(3)
    const details = await get('/dags/sales/details')
    expect(details.params.properties.region.default).toBe('eu')
    expect(details.upcoming_runs).toHaveLength(10)
    const structure = await get('/dags/sales/structure')
    expect(structure.edges).toEqual([
      { source: 'extract', target: 'check', label: null },
      { source: 'check', target: 'load', label: null },
    ])
    expect(structure.tasks[0]).toMatchObject({ task_id: 'extract', pool: 'warehouse', retries: 3 })
    expect(await get('/dagTags')).toEqual({ tags: ['daily', 'money'], total_entries: 2 })
    expect((await get('/dags/sales/dagVersions')).dag_versions).toHaveLength(1)
    expect((await get('/dagSources/sales')).content).toBe(SOURCE)
    expect((await get('/dagSources/sales?version_number=9', 404)).detail).toMatch(/no version 9/)
    expect((await get('/dags/none', 404)).detail).toMatch(/no Dag "none"/)
  })
})

describe('runs', () => {
  test.each([
    ['/dags/sales/dagRuns', ['scheduled__1', 'manual__2', 'a/b c+d']],
    ['/dags/sales/dagRuns?order_by=-id&limit=2', ['a/b c+d', 'manual__2']],
    ['/dags/~/dagRuns?order_by=-id', ['x', 'a/b c+d', 'manual__2', 'scheduled__1']],
    ['/dags/~/dagRuns?state=failed&state=queued', ['manual__2', 'a/b c+d']],
    ['/dags/~/dagRuns?state=queued', ['a/b c+d']],
    ['/dags/~/dagRuns?run_type=scheduled', ['scheduled__1']],
    ['/dags/sales/dagRuns?order_by=-start_date', ['manual__2', 'scheduled__1', 'a/b c+d']],
    ['/dags/sales/dagRuns?end_date_gte=2026-01-01T00:00:09.500Z', ['manual__2']],
    ['/dags/sales/dagRuns?run_id_pattern=manual', ['manual__2']],
  ])('%s', async (path, ids) => {
    const { dag_runs, total_entries } = await get(path)
    expect(dag_runs.map((one: { dag_run_id: string }) => one.dag_run_id)).toEqual(ids)
    if (!path.includes('limit')) expect(total_entries).toBe(ids.length)
  })

  test('pages by cursor miss and repeat nothing', async () => {
    const seen: string[] = []
    let next: string | null = null
    do {
      const page = await get(`/dags/~/dagRuns?order_by=-id&limit=1${next === null ? '' : `&cursor=${next}`}`)
      seen.push(...page.dag_runs.map((one: { dag_run_id: string }) => one.dag_run_id))
      next = page.next_cursor
    } while (next !== null)
    expect(seen).toEqual(['x', 'a/b c+d', 'manual__2', 'scheduled__1'])
  })

  test('one, with a name that needs escaping', async () => {
    const found = await get(`/dags/sales/dagRuns/${encodeURIComponent('a/b c+d')}`)
    expect(found).toMatchObject({ dag_run_id: 'a/b c+d', state: 'queued', duration: null, conf: {} })
    expect(await get(RUN)).toMatchObject({ note: 'look', duration: 9.995, dag_versions: [{ version_number: 1 }] })
    expect((await get('/dags/sales/dagRuns/nope', 404)).detail).toMatch(/no run "nope"/)
  })

  test('the grid', async () => {
    const grid = await get('/dags/sales/grid?limit=3')
    expect(grid.tasks).toEqual(['extract', 'check', 'load'])
    expect(grid.runs.map((run: { dag_run_id: string }) => run.dag_run_id)).toEqual([
      'a/b c+d',
      'manual__2',
      'scheduled__1',
    ])
    const names = (states: (number | null)[]) =>
      states.map((state) => (state === null ? null : grid.state_names[state]))
    expect(names(grid.runs[0].states)).toEqual([null, null, null])
    expect(names(grid.runs[1].states)).toEqual(['success', 'failed', 'upstream_failed'])
    expect(grid.runs[1].try_numbers).toEqual([1, 2, 0])
    expect(grid.runs[1].ti_ids).toEqual([4, 5, 6])
    expect(grid.runs[0].ti_ids).toEqual([null, null, null])
    expect((await get(`/dags/sales/grid?limit=3&before=${grid.next_before}`)).runs).toEqual([])
    const some = await get('/dags/sales/grid?run=1&run=3&run=4&run=99')
    // 4 is of another Dag, 99 of none.
    expect(some.runs.map((run: { id: number }) => run.id)).toEqual([3, 1])
    expect(some.next_before).toBe(null)
  })
})

describe('task instances', () => {
  test('of a run, with cause and note', async () => {
    const { task_instances } = await get(`${RUN}/taskInstances?order_by=-task_id`)
    expect(task_instances.map((one: { task_id: string }) => one.task_id)).toEqual(['load', 'extract', 'check'])
    expect(task_instances[2]).toMatchObject({
      state: 'failed',
      try_number: 2,
      note: 'known to be slow',
      cause: { kind: 'timeout' },
      group_id: 'checks',
    })
    expect(task_instances[1].pool).toBe('warehouse')
  })

  test('over all runs, by state and by cursor', async () => {
    const failed = await get('/dags/~/dagRuns/~/taskInstances?state=failed')
    expect(failed.task_instances).toMatchObject([{ dag_id: 'sales', dag_run_id: 'manual__2', task_id: 'check' }])
    const seen: string[] = []
    let next: string | null = null
    do {
      const query = `order_by=-id&limit=2${next === null ? '' : `&cursor=${next}`}`
      const page = await get(`/dags/~/dagRuns/~/taskInstances?${query}`)
      seen.push(...page.task_instances.map((one: { id: string }) => one.id))
      next = page.next_cursor
    } while (next !== null)
    expect(seen).toEqual(['7', '4', '5', '6', '1', '2', '3'])
  })

  test('tries, why not, XComs and logs', async () => {
    const tries = await get(`${RUN}/taskInstances/check/tries`)
    expect(tries.task_instances).toMatchObject([
      { try_number: 1, cause: { message: 'Error: first' } },
      { try_number: 2, cause: { kind: 'timeout' } },
    ])
    expect((await get(`${RUN}/taskInstances/check/tries/1`)).cause.kind).toBe('error')
    expect((await get(`${RUN}/taskInstances/check/dependencies`)).dependencies[0].reason).toMatch(/too slow/)
    const queued = `/dags/sales/dagRuns/${encodeURIComponent('a/b c+d')}/taskInstances/extract/dependencies`
    expect((await get(queued)).dependencies[0].name).toBe('no-scheduler')
    expect((await get(`${RUN}/taskInstances/check/xcomEntries`)).total_entries).toBe(2)
    expect((await get(`${RUN}/taskInstances/check/xcomEntries/part`)).value).toBe('two')
    expect((await get(`${RUN}/taskInstances/check/xcomEntries/part?try_number=1`)).value).toBe('one')
    const log = await get(`${RUN}/taskInstances/check/logs/1`)
    expect(log).toMatchObject({ content: [{ event: 'check 1' }], continuation_token: '60' })
    expect((await get(`${RUN}/taskInstances/check/logs/1?token=60`)).continuation_token).toBeNull()
    await get(`${RUN}/taskInstances/check/logs/3`, 404)
    const text = await app.inject({
      url: `/api/v2${RUN}/taskInstances/check/logs/2`,
      headers: { accept: 'text/plain' },
    })
    expect(text.body).toBe('[1970-01-01T00:00:00.000Z] INFO check 2\n')
    expect(text.headers['content-type']).toMatch(/^text\/plain/)
  })
})

test('pools, import errors, events, platform, config', async () => {
  expect((await get('/pools?order_by=-slots')).pools).toMatchObject([
    { name: 'default_pool' },
    { name: 'warehouse', open_slots: 4 },
  ])
  expect((await get('/importErrors')).import_errors[0]).toMatchObject({
    filename: 'broken.ts',
    problems: [{ line: 3 }],
  })
  await get('/importErrors/broken.ts')
  const ids = async (query: string) =>
    (await get(`/eventLogs${query}`)).event_logs.map((one: { event_log_id: number }) => one.event_log_id)
  expect(await ids('')).toEqual([4, 3, 2, 1])
  expect(await ids('?order_by=id&limit=2')).toEqual([1, 2])
  expect(await ids('?cursor=3')).toEqual([2, 1])
  expect(await ids('?dag_id=sales&run_id=manual__2&task_id=check')).toEqual([3])
  expect(await ids('?event=run.&event=dag.paused')).toEqual([4, 1])
  expect(await ids('?owner=user:anna')).toEqual([4])
  expect(await get('/eventLogs/3')).toMatchObject({ task_id: 'check', run_id: 'manual__2', extra: 'too slow' })
  expect(await get('/platform')).toMatchObject({
    leading: false,
    draining: false,
    open_runs: { queued: 1 },
    open_dead_letters: 1,
  })
  expect(await get('/config')).toEqual({
    sections: [{ name: 'scheduler', options: [{ key: 'catchup', value: 'false', source: 'default' }] }],
  })
})

test('the reference page is there and names no other host', async () => {
  const page = await app.inject('/api/v2/docs/')
  expect(page.statusCode).toBe(200)
  expect(page.body).not.toMatch(/https?:\/\//)
  expect(page.headers['content-security-policy']).not.toContain('upgrade-insecure-requests')
  expect((await app.inject('/api/v2/docs/json')).json().openapi).toBe('3.1.0')
})
