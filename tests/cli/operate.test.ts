/** Operating a program that runs, on its machine and from elsewhere: the same verbs, real database, real children. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAIN, ProgramInFolder } from './program-in-folder.ts'

const DAG = `import { Dag, getClient } from 'tradewind'

const dag = new Dag('loads')
const extract = dag.task('extract', () => 1)
const check = dag.task('check', async ({ n }: { n: number }) => {
  if ((await getClient().getVariable('broken')) === 'yes') throw new Error('not today')
  return n
}, { retries: 0 })
const load = dag.task('load', ({ n }: { n: number }) => n)
load({ n: check({ n: extract() }) })

new Dag('endless').task('wait', () => new Promise(() => {}), { timeout: '10 min', retries: 0 })()
for (const id of ['doomed-here', 'doomed-from-elsewhere']) new Dag(id).task('one', () => 1)()
`

interface Shown {
  readonly dag_run_id: string
  readonly state: string
  readonly note: string | null
  readonly task_instances: readonly { readonly task_id: string; readonly state: string; readonly try_number: number }[]
}

const program = new ProgramInFolder()
const cli = program.cli.bind(program)
let remote: Readonly<Record<string, string>>

beforeAll(async () => {
  writeFileSync(join(program.folder, 'dags', 'loads.ts'), DAG)
  program.start()
  const url = await program.line(/^http:\/\/127\.0\.0\.1:\d+$/)
  await program.line(/Dag loads is live/)
  await program.line(/Dag endless is live/)
  const { token } = await program.json<{ token: string }>(['tokens', 'create', 'tests', '--role', 'admin'])
  remote = { TRADEWIND_URL: url, TRADEWIND_TOKEN: token }
  expect((await cli(['variables', 'set', 'broken', 'yes'])).code).toBe(0)
})
afterAll(() => program.end())

async function shows(dagId: string, runId: string, wanted: object): Promise<Shown> {
  const show = () => program.json<Shown>(['runs', 'show', dagId, runId])
  await expect.poll(show, { timeout: 30_000 }).toMatchObject(wanted)
  return show()
}

const states = (run: Shown) => Object.fromEntries(run.task_instances.map((ti) => [ti.task_id, ti.state]))

describe.each(['here', 'from elsewhere'])('%s', (place) => {
  const called = () => (place === 'here' ? {} : { env: remote })
  const runId = `run ${place}`

  test('a run that fails is looked at, cleared after its plan was shown, and runs again', async () => {
    await cli(['variables', 'set', 'broken', 'yes'], called())
    const made = await cli(['dags', 'trigger', 'loads', '--run-id', runId], called())
    expect([made.code, made.stdout], made.stderr).toEqual([0, `Made the run ${runId} of loads.\n`])
    await shows('loads', runId, { state: 'failed' })
    const run = await program.json<Shown>(['runs', 'show', 'loads'], called())
    expect([run.dag_run_id, states(run)]).toEqual([
      runId,
      { extract: 'success', check: 'failed', load: 'upstream_failed' },
    ])
    expect((await cli(['tasks', 'why', 'loads', 'check'], called())).stdout).toContain('not today')
    expect((await cli(['logs', 'loads', 'check'], called())).stdout).toContain('not today')

    const refused = await cli(['tasks', 'clear', 'loads', '--only-failed'], called())
    expect([refused.code, refused.stdout]).toEqual([2, ''])
    expect(refused.stderr).toMatch(/check +failed +to run again\nload +upstream_failed +to run again/)
    expect(refused.stderr).toContain('The run, which has ended, runs again.')
    expect(refused.stderr).toContain('Add --yes to do it, or --dry-run to only look.')

    const dry = ['tasks', 'clear', 'loads', 'check', '--run', runId, '--downstream', '--dry-run']
    expect(await program.json(dry, called())).toMatchObject({ dry_run: true, task_ids: ['check', 'load'] })
    expect(await program.json<Shown>(['runs', 'show', 'loads', runId])).toMatchObject({ state: 'failed' })

    await cli(['variables', 'set', 'broken', 'no'], called())
    const cleared = await cli(['tasks', 'clear', 'loads', '--only-failed', '--yes'], called())
    expect([cleared.code, cleared.stdout], cleared.stderr).toEqual([
      0,
      `Cleared 2 task instances of loads ${runId}: check, load.\n`,
    ])
    const again = await shows('loads', runId, { state: 'success' })
    expect(again.task_instances.map((ti) => ti.try_number)).toEqual([1, 2, 1])
  })

  test('marking, with its plan', async () => {
    const mark = ['tasks', 'mark', 'loads', 'check', '--as', 'failed', '--run', runId]
    expect((await cli([...mark, '--dry-run'], called())).stdout).toMatch(/check +success +failed/)
    expect(await program.json([...mark, '--yes'], called())).toMatchObject({ task_ids: ['check'] })
    expect(states(await shows('loads', runId, {}))).toMatchObject({ check: 'failed' })
    const both = ['tasks', 'mark', 'loads', 'check', 'load', '--as', 'skipped', '--run', runId, '--yes']
    expect(await program.json(both, called())).toMatchObject({ task_ids: ['check', 'load'], cleared: [] })
    // Of several with one that is not there, none is marked.
    const wrong = await cli(
      ['tasks', 'mark', 'loads', 'extract', 'lod', '--as', 'failed', '--run', runId, '--yes'],
      called(),
    )
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('lod')])
    expect(states(await shows('loads', runId, {}))).toMatchObject({ extract: 'success', check: 'skipped' })
    const whole = await cli(['runs', 'mark', 'loads', runId, '--as', 'success', '--yes'], called())
    expect([whole.code, whole.stdout]).toEqual([0, `Marked ${runId} of loads as success.\n`])
    expect(states(await shows('loads', runId, { state: 'success' }))).toMatchObject({ check: 'success' })
  })

  test('notes', async () => {
    expect((await cli(['runs', 'note', 'loads', runId, 'looked into'], called())).code).toBe(0)
    await shows('loads', runId, { note: 'looked into' })
    expect((await cli(['runs', 'note', 'loads', runId, '--remove'], called())).code).toBe(0)
    await shows('loads', runId, { note: null })
    expect((await cli(['runs', 'note', 'loads', runId], called())).code).toBe(2)
  })

  test('a live task is cancelled, for good', async () => {
    const id = `endless ${place}`
    await cli(['dags', 'trigger', 'endless', '--run-id', id], called())
    await shows('endless', id, { task_instances: [{ state: 'running' }] })
    const early = await cli(['runs', 'delete', 'endless', id, '--yes'], called())
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('cancel it first')])
    const one = await cli(['tasks', 'cancel', 'endless', 'wait'], called())
    expect([one.code, one.stdout], one.stderr).toEqual([0, `Cancelled wait of endless ${id}.\n`])
    await shows('endless', id, { state: 'failed', task_instances: [{ state: 'failed', try_number: 1 }] })
    expect((await cli(['runs', 'cancel', 'endless', id], called())).stderr).toContain('nothing to cancel')
    expect((await cli(['runs', 'delete', 'endless', id, '--yes'], called())).stdout).toBe(`Deleted ${id} of endless.\n`)
    expect((await cli(['runs', 'show', 'endless', id])).code).toBe(1)
  })

  test('drained, nothing starts and every list says so; resumed, it does', async () => {
    await cli(['variables', 'set', 'broken', 'no'], called())
    expect((await cli(['drain'], called())).stdout).toContain('No new tasks start')
    const id = `drained ${place}`
    await cli(['dags', 'trigger', 'loads', '--run-id', id], called())
    for (const list of ['dags', 'runs']) {
      const { code, stderr } = await cli([list, 'list'], called())
      expect([code, stderr]).toEqual([0, 'The platform is draining: no new tasks until `tradewind resume`.\n'])
    }
    const checked = await cli(['db', 'check', '--json'])
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, draining: true })
    expect(checked.stderr).toContain('The platform is draining')
    const why = await program.json<{ reasons: { code: string }[] }>(['tasks', 'why', 'loads', 'extract'], called())
    expect(why.reasons.map((reason) => reason.code)).toContain('draining')
    const waiting = await program.json<Shown>(['runs', 'show', 'loads', id], called())
    expect([waiting.state, waiting.task_instances.map((ti) => ti.try_number)]).toEqual(['queued', []])
    expect((await cli(['resume'], called())).stdout).toBe('Tasks start again.\n')
    await shows('loads', id, { state: 'success' })
    expect((await cli(['runs', 'list'], called())).stderr).toBe('')
  })

  test('the history, filtered', async () => {
    const { stdout } = await cli(['events', '--dag', 'loads', '--run', runId, '--kind', 'ti.failed'], called())
    expect(stdout).toMatch(/^\S+ \S+Z +ti\.failed +loads run .* check +\S+ +.*not today/)
    const all = (await cli(['events', '--dag', 'loads', '--after', '0', '--json'], called())).stdout
    const events = all
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; dag_id: string })
    expect(events.map((event) => event.id)).toEqual(events.map((event) => event.id).sort((a, b) => a - b))
    expect(new Set(events.map((event) => event.dag_id))).toEqual(new Set(['loads']))
  })

  test('pools, variables and connections go out into files and come back', async () => {
    const name = (what: string) => `${what}-${place.replace(' ', '-')}`
    expect((await cli(['pools', 'set', name('p'), '3', '--description', 'few'], called())).code).toBe(0)
    await cli(['variables', 'set', name('plain'), 'a'], called())
    await cli(['variables', 'set', name('hidden'), '--secret'], { ...called(), input: 's3cret' })
    const set = ['connections', 'set', name('db'), '--type', 'postgres', '--port', '5432', '--secret']
    expect((await cli(set, { ...called(), input: 'pass-w0rd' })).stderr).toBe('')
    for (const what of ['pools', 'variables', 'connections']) {
      const file = name(`${what}.json`)
      const path = join(program.folder, file)
      const exported = await cli([what, 'export', file], called())
      expect(exported.code, exported.stderr).toBe(0)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(readFileSync(path, 'utf8')).not.toMatch(/s3cret|pass-w0rd/)
      expect((await cli([what, 'export', file], called())).stderr).toContain('add --force')
      const first = what === 'pools' ? name('p') : what === 'variables' ? name('plain') : null
      if (first !== null) {
        expect((await cli([what, 'delete', first], called())).stdout).toBe(`Deleted ${first}.\n`)
        expect((await cli([what, 'get', first], called())).code).toBe(1)
      }
      const imported = await cli([what, 'import', file], called())
      expect([imported.code, imported.stdout], imported.stderr).toEqual([0, expect.stringContaining('Imported')])
    }
    expect(await program.json(['pools', 'get', name('p')], called())).toMatchObject({ slots: 3, description: 'few' })
    expect((await cli(['variables', 'get', name('plain')], called())).stdout).toBe('a\n')
    // What the file left out is as it was.
    expect((await cli(['variables', 'get', name('hidden'), '--reveal'])).stdout).toBe('s3cret\n')
    expect(await program.json(['connections', 'get', name('db'), '--reveal'])).toMatchObject({ password: 'pass-w0rd' })
    const again = ['connections', 'set', name('db'), '--type', 'postgres']
    const moved = await cli([...again, '--port', '5433'], called())
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringMatching(/\(port\).*send the password again/)])
    const same = [...again, '--port', '5432', '--login', 'etl']
    expect(await program.json(same, called())).toMatchObject({ has_password: true })
    expect((await cli([...again, '--port', '5433', '--no-secret'], called())).stderr).toBe('')
    expect(await program.json(['connections', 'get', name('db')], called())).toMatchObject({ has_password: false })
    const history = await cli(['events', '--kind', 'variable.', '--kind', 'connection.', '-n', '500'], called())
    expect(history.stdout).toMatch(new RegExp(`variable\\.set +\\S+:\\S+ +${name('hidden')} \\(secret\\)`))
    expect(history.stdout).toMatch(new RegExp(`connection\\.set +\\S+:\\S+ +${name('db')}`))
    expect(history.stdout).not.toMatch(/s3cret|pass-w0rd/)
  })

  test('a Dag is deleted with its runs, once that was said', async () => {
    const dagId = `doomed-${place.replace(' ', '-')}`
    await cli(['dags', 'trigger', dagId, '--run-id', runId], called())
    await shows(dagId, runId, { state: 'success' })
    const asked = await cli(['dags', 'delete', dagId], called())
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('comes back as a new Dag')])
    const deleted = await cli(['dags', 'delete', dagId, '--yes'], called())
    expect([deleted.stdout, deleted.code]).toEqual([expect.stringContaining(`Deleted ${dagId}.`), 0])
    expect((await cli(['dags', 'list', '--all'], called())).stdout).not.toContain(dagId)
    const history = await cli(['events', '--dag', dagId, '--kind', 'dag.deleted'], called())
    expect(history.stdout).toMatch(/dag\.deleted +\S+ +\S+:\S/)
    expect((await cli(['dags', 'delete', dagId, '--yes'], called())).stderr).toContain(`no Dag "${dagId}"`)
  })
})

// `script` of other systems takes other arguments.
test.skipIf(process.platform !== 'linux')('a terminal is asked, and only yes is yes', async () => {
  const ask = (answer: string) => {
    const command = `${process.execPath} ${MAIN} tasks clear loads extract`
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: program.folder, stdio: 'pipe' })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const before = said
      said += String(chunk)
      if (said.includes('[y/N]') && !before.includes('[y/N]')) child.stdin.write(`${answer}\n`)
    })
    return once(child, 'exit').then(([code]) => ({ code: code as number, said }))
  }
  const no = await ask('')
  expect([no.code, no.said]).toEqual([0, expect.stringContaining('Nothing was changed.')])
  const yes = await ask('y')
  expect([yes.code, yes.said]).toEqual([0, expect.stringContaining('Cleared 1 task instance of loads')])
})

test('events --follow tells what happens from now on, once', async () => {
  const follow = program.following(['events', '--follow', '--kind', 'run.', '-n', '1', '--json'])
  try {
    const first = JSON.parse(await follow.next()) as { id: number }
    await cli(['dags', 'trigger', 'loads', '--run-id', 'followed'])
    const kinds: string[] = []
    let last = first.id
    while (kinds.at(-1) !== 'run.success') {
      const event = JSON.parse(await follow.next()) as { id: number; kind: string; dag_run_id: string }
      expect(event.id).toBeGreaterThan(last)
      last = event.id
      if (event.dag_run_id === 'followed') kinds.push(event.kind)
    }
    expect(kinds).toEqual(['run.queued', 'run.running', 'run.success'])
  } finally {
    follow.child.kill('SIGKILL')
  }
})

describe('files that cannot be imported change nothing', () => {
  test.each([
    ['variables', '{', 'is not valid JSON'],
    ['variables', '[]', 'must hold one JSON object'],
    ['pools', '{"good":{"slots":1},"bad":{"slots":"x"}}', '"bad": slots must be a whole number'],
    ['connections', '{"c":{"conn_type":"http","pasword":"hunter2"}}', '"c": unknown field pasword'],
  ])('%s %s', async (what, content, problem) => {
    const { code, stdout, stderr } = await cli([what, 'import', '-'], { input: content })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(problem)
    expect(stderr).not.toContain('hunter2')
    if (what === 'pools') expect((await cli(['pools', 'get', 'good'])).code).toBe(1)
  })

  test('secrets go into a file only when asked for, with a warning', async () => {
    const { stderr } = await cli(['variables', 'export', 'with-secrets.json', '--secrets'])
    expect(stderr).toMatch(/Warning: it holds \d+ secrets as plain text/)
    expect(readFileSync(join(program.folder, 'with-secrets.json'), 'utf8')).toContain('s3cret')
    const there = await cli(['variables', 'export', 'not-there.json', '--secrets'], { env: remote })
    expect([there.code, there.stderr]).toEqual([1, expect.stringContaining('A server gives no secrets out.')])
    expect(existsSync(join(program.folder, 'not-there.json'))).toBe(false)
  })
})

describe('a server that cannot be used', () => {
  test.each([
    [{ TRADEWIND_URL: 'http://127.0.0.1:1' }, 1, 'http://127.0.0.1:1 did not answer', 'Check --url'],
    [{ TRADEWIND_URL: 'nonsense' }, 2, '"nonsense" is no address of a server', 'Give one such as https://'],
  ])('%j', async (env, code, problem, remedy) => {
    const ended = await cli(['dags', 'list'], { env })
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toContain(problem)
    expect(ended.stderr).toContain(remedy)
  })

  test('tokens that are wrong, missing or may too little', async () => {
    const wrong = await cli(['dags', 'list'], { env: { ...remote, TRADEWIND_TOKEN: 'tradewind_wrong' } })
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('tokens create')])
    expect(wrong.stderr).not.toContain('tradewind_wrong')
    const { TRADEWIND_URL = '' } = remote
    expect((await cli(['dags', 'list', '--url', TRADEWIND_URL])).stderr).toContain('Set TRADEWIND_TOKEN')
    const { token } = await program.json<{ token: string }>(['tokens', 'create', 'looks', '--role', 'viewer'])
    const env = { TRADEWIND_URL, TRADEWIND_TOKEN: token }
    expect((await cli(['dags', 'list'], { env })).code).toBe(0)
    const refused = await cli(['dags', 'pause', 'loads'], { env })
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('too small a role')])
  })

  test('what works on a machine only says so', async () => {
    for (const args of [['db', 'check'], ['standalone'], ['users', 'list'], ['secrets', 'rotate']]) {
      const { code, stderr } = await cli(args, { env: remote })
      expect([code, stderr], args.join(' ')).toEqual([2, expect.stringContaining('leave TRADEWIND_URL out')])
    }
  })
})
