/** The web server of `standalone` in a thread of its own: what happens to it does not happen to the runs. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Place, type Program } from './program.ts'
import { DEBUGGABLE, runInThread } from './thread-debugger.ts'

let place: Place
let program: Program

beforeAll(async () => {
  place = await Place.make()
  await writeFile(
    join(place.dags, 'three.ts'),
    `import { Dag } from 'tradewind'
const dag = new Dag('three')
const one = dag.task('one', () => { console.log('said by one'); return 1 })
const two = dag.task('two', ({ value }: { value: number }) => value + 1)
two({ value: one() })
`,
  )
  program = await place.start({ ...DEBUGGABLE, TRADEWIND_SERVER_METRICS_OPEN: 'true' })
  await program.line(/Dag three is live/)
})
afterAll(() => place.close())

async function runGoesGreen(runId: string): Promise<void> {
  const { code, stderr } = await place.cli('dags', 'trigger', 'three', '--run-id', runId)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  await place.until<{ state: string }>(
    `select state from dag_run where run_id = '${runId}'`,
    ([row]) => row?.state === 'success',
    30_000,
  )
}

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${program.url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ')[1])
}

test('it does not hold up a run, however long it computes', async () => {
  const go = join(place.root, 'go-on')
  const worst = 'tradewind_scheduler_loop_lag_seconds{quantile="1"}'
  // Read once: what follows is counted from here.
  expect(await figure(worst)).toBeGreaterThanOrEqual(0)
  const before = performance.now()
  const inLoop = join(place.root, 'in-loop')
  await runInThread(
    program,
    `const fs = process.getBuiltinModule('fs'); fs.writeFileSync('${inLoop}', ''); while (!fs.existsSync('${go}')) {}`,
  )
  await expect.poll(() => existsSync(inLoop), { interval: 20, timeout: 10_000 }).toBe(true)
  const health = fetch(`${program.url}/api/v2/monitor/health`)
  await runGoesGreen('meanwhile')
  const stillComputes = Symbol('still')
  expect(await Promise.race([health, Promise.resolve(stillComputes)])).toBe(stillComputes)
  const heldForS = (performance.now() - before) / 1_000
  await writeFile(go, '')
  expect((await health).status).toBe(200)
  expect(await figure(worst)).toBeLessThan(heldForS)
})

test('the first password, told by the thread, signs in; a log is read to its last line', async () => {
  const line = await program.line(/Sign in as \S+ with the password \S+/)
  const [, name, password] = /Sign in as (\S+) with the password (\S+)/.exec(line)!
  const answer = await fetch(`${program.url}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: name, password }),
  })
  expect(answer.status).toBe(201)
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const logs = '/api/v2/dags/three/dagRuns/meanwhile/taskInstances/one/logs/1'
  const log = await fetch(program.url + logs, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
  })
  expect(await log.text()).toContain('said by one')
})

test('it ends by an error: told, started again at the same address, while runs go on', async () => {
  const { url } = program
  await runInThread(program, `throw new Error('broken for the test')`)
  await program.line(/The web server ended: .*broken for the test.*started again/)
  await runGoesGreen('after-error')
  await program.line(new RegExp(`The web server is back at ${url}$`))
  expect((await fetch(`${url}/api/v2/monitor/health`)).status).toBe(200)
  expect(program.lines.filter((line) => /Sign in as/.test(line))).toHaveLength(1)
})

test('a stop closes open sockets and ends in order, even while it computes', async () => {
  const open = await fetch(`${program.url}/api/v2/version`, { keepalive: true })
  await open.text()
  await runInThread(program, 'for (;;) {}')
  program.process.kill('SIGTERM')
  await program.ended
  expect(program.process.exitCode).toBe(0)
  expect(program.lines.at(-1)).toContain('Stopped')
  expect(program.lines.join('\n')).not.toMatch(/While stopping|The web server ended: exit/)
})

test('a port that is taken and was asked for: the whole start fails and says what to do', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const bound = taken.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const { code, stderr } = await place.cli('standalone', '--port', String(port))
  taken.close()
  expect(stderr).toBe(
    `Port ${port} on 127.0.0.1 is taken. Stop what uses it, or set server.port to another one (0: any).\n`,
  )
  expect(code).toBe(1)
})
