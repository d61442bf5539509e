/** The commands against a program that runs, then against its folder when it does not. Real database, real children. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tradewind-run-'))
chmodSync(folder, 0o755)
mkdirSync(join(folder, 'dags'))

const DAG = `import { Dag, FailError, getClient, getContext } from 'tradewind'

const dag = new Dag('sums', { params: { count: { type: 'integer', default: 3 } } })
const numbers = dag.task('numbers', () => {
  const { params } = getContext<typeof dag>()
  return Array.from({ length: params.count }, (_, i) => i + 1)
})
const total = dag.task('total', async ({ values }: { values: number[] }) => {
  const sum = values.reduce((a, b) => a + b, 0)
  console.log('the sum is ' + sum)
  console.log('token ' + (await getClient().getVariable('token')))
  if (sum > 100) throw new FailError('too much: ' + sum)
  return sum
})
const after = dag.task('after', ({ sum }: { sum: number }) => sum)
after({ sum: total({ values: numbers() }) })

new Dag('hourly', { schedule: '0 * * * *', timezone: 'Europe/Berlin' }).task('nothing', () => null)()
`
const BROKEN = `import { Dag } from 'tradewind'\nnew Dag('broken', { schedule: '99 * * * *' }).task('x', () => 1)()\n`

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function cli(args: readonly string[], input?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd: folder, env: ENV }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
    child.stdin?.end(input ?? '')
  })
}

const ENV = { TRADEWIND_SCHEDULER_DEFAULT_POOL_SLOTS: '77', PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli([...args, '--json'])
  expect(stderr).toBe('')
  expect(code, stdout).toBe(0)
  return JSON.parse(stdout) as T
}

class Program {
  readonly child: ChildProcess
  readonly lines: string[] = []
  #wake: (() => void)[] = []

  constructor() {
    this.child = spawn(process.execPath, [MAIN, 'standalone', '--port', '0'], {
      cwd: folder,
      env: ENV,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (this.child.stdout === null) throw new Error('no output')
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line)
      for (const wake of this.#wake.splice(0)) wake()
    })
  }

  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line))
      if (found !== undefined) return found
      await new Promise<void>((resolve, reject) => {
        this.#wake.push(resolve)
        this.child.once('exit', () => reject(new Error(`ended without ${pattern}: ${this.lines.join('\n')}`)))
      })
    }
  }
}

let program: Program
afterAll(async () => {
  if (program.child.exitCode === null && program.child.kill('SIGKILL')) await once(program.child, 'exit')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

test('before the first start: no database, and what to do', async () => {
  const read = await cli(['dags', 'list'])
  expect([read.code, read.stdout]).toEqual([1, ''])
  expect(read.stderr).toMatch(/There is no database in .*\.tradewind yet\.\nStart it with: npm start/)
  const change = await cli(['dags', 'trigger', 'sums'])
  expect(change.stderr).toMatch(/No program is running on .*\nStart it with: npm start/)
})

describe('while it runs', () => {
  beforeAll(async () => {
    writeFileSync(join(folder, 'dags', 'sums.ts'), DAG)
    writeFileSync(join(folder, 'dags', 'broken.ts'), BROKEN)
    program = new Program()
    await program.line(/^http:\/\/127\.0\.0\.1:\d+$/)
    await program.line(/Dag sums is live/)
    await program.line(/broken\.ts:2/)
  })

  test('its health is reported at the address it printed', async () => {
    const address = await program.line(/^http:/)
    await expect
      .poll(async () => (await fetch(`${address}/api/v2/monitor/health`)).json(), { timeout: 10_000 })
      .toMatchObject({
        metadatabase: { status: 'healthy' },
        scheduler: { status: 'healthy' },
        dag_processor: { status: 'healthy' },
      })
  })

  test('dags list, next and errors', async () => {
    const dags = await json<{ dag_id: string; is_paused: boolean }[]>('dags', 'list')
    expect(dags.map((dag) => [dag.dag_id, dag.is_paused])).toEqual([
      ['hourly', false],
      ['sums', false],
    ])
    const next = await json<{ next: { run_after: string }[] }>('dags', 'next', 'hourly', '-n', '3')
    const instants = next.next.map((one) => Date.parse(one.run_after))
    expect(instants.map((at) => at % 3_600_000)).toEqual([0, 0, 0])
    expect(instants[1]! - instants[0]!).toBe(3_600_000)
    const errors = await cli(['dags', 'errors'])
    expect(errors.code).toBe(1)
    expect(errors.stdout).toMatch(/^broken\.ts:2 {2}bad-cron\n.*99.*\n/)
  })

  test('an unknown Dag, run or task is answered with the nearest one', async () => {
    expect((await cli(['dags', 'next', 'hourli'])).stderr).toContain('Did you mean "hourly"?')
    expect((await cli(['dags', 'trigger', 'sumz'])).stderr).toContain('dag-not-found')
    expect((await cli(['runs', 'show', 'sums'])).stderr).toContain('tradewind dags trigger sums')
  })

  test('a secret given on standard input, a run, its log with the secret masked', async () => {
    const set = await cli(['variables', 'set', 'token', '--secret'], 's3cret-value\n')
    expect([set.code, set.stdout]).toEqual([0, 'Set token (secret).\n'])
    expect((await cli(['variables', 'get', 'token'])).stdout).toBe('***\n')
    expect((await cli(['variables', 'get', 'token', '--reveal'])).stdout).toBe('s3cret-value\n')

    const made = await json<{ dag_run_id: string }>('dags', 'trigger', 'sums', '--conf', '{"count":4}')
    const log = await cli(['logs', 'sums', 'total', made.dag_run_id, '--follow'])
    expect(log.stdout).toContain('the sum is 10')
    expect(log.stdout).toContain('token ***')
    expect(log.stdout).not.toContain('s3cret-value')
    await expect
      .poll(() => json<{ state: string }>('runs', 'show', 'sums', made.dag_run_id), { timeout: 20_000 })
      .toMatchObject({ state: 'success', conf: { count: 4 } })
    const why = await cli(['tasks', 'why', 'sums', 'total', made.dag_run_id])
    expect(why.stdout).toMatch(/is success\.\nTry 1 succeeded/)
  })

  test('a failure: why, and what came of those behind it', async () => {
    const made = await json<{ dag_run_id: string }>('dags', 'trigger', 'sums', '--conf', '{"count":20}')
    await program.line(/Task sums\.total failed: .*too much: 210/)
    await program.line(/Run sums .* failed/)
    const why = await cli(['tasks', 'why', 'sums', 'total', made.dag_run_id])
    expect(why.stdout).toMatch(/ended \(fail\): .*too much: 210/)
    const behind = await json<{ reasons: { message: string }[] }>('tasks', 'why', 'sums', 'after', made.dag_run_id)
    expect(behind.reasons.map((one) => one.message).join(' ')).toContain('total ended as failed.')
    const runs = await json<{ dag_run_id: string; state: string }[]>('runs', 'list', 'sums', '--state', 'failed')
    expect(runs.map((run) => run.dag_run_id)).toEqual([made.dag_run_id])
  })

  test('params that do not fit are refused with path and rule', async () => {
    const refused = await cli(['dags', 'trigger', 'sums', '--conf', '{"count":"x"}'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/count.*integer.*\(bad-params\)/s)
    expect((await cli(['dags', 'trigger', 'sums', '--conf', '[1]'])).code).toBe(2)
  })

  test('paused: a run waits, and why says so', async () => {
    expect((await cli(['dags', 'pause', 'sums'])).stdout).toBe('sums is paused.\n')
    const made = await cli(['dags', 'trigger', 'sums', '--run-id', 'waits'])
    expect(made.stdout).toContain('is paused: it waits')
    const why = await json<{ reasons: { code: string }[] }>('tasks', 'why', 'sums', 'numbers', 'waits')
    expect(why.reasons.map((one) => one.code)).toContain('dag-paused')
    await json('dags', 'unpause', 'sums')
    await expect
      .poll(() => json<{ state: string }>('runs', 'show', 'sums', 'waits'), { timeout: 20_000 })
      .toMatchObject({ state: 'success' })
  })

  test('connections and pools', async () => {
    await expect
      .poll(() => json('pools', 'list'), { timeout: 10_000 })
      .toMatchObject([{ name: 'default_pool', slots: 77 }])
    const args = ['connections', 'set', 'warehouse', '--type', 'postgres', '--host', 'db.example', '--port', '5432']
    expect((await cli([...args, '--secret'], 'pass-w0rd\n')).code).toBe(0)
    const list = await cli(['connections', 'list', '--json'])
    expect(JSON.parse(list.stdout)).toMatchObject([{ id: 'warehouse', port: 5432, has_password: true }])
    expect(list.stdout).not.toContain('pass-w0rd')
    await json('pools', 'set', 'narrow', '2')
    expect(await json('pools', 'list')).toMatchObject([{ name: 'default_pool' }, { name: 'narrow', slots: 2 }])
  })

  test('keys are not rotated under a scheduler that runs', async () => {
    const refused = await cli(['secrets', 'rotate'])
    expect([refused.code, refused.stderr]).toEqual([
      1,
      'A scheduler is running on this database.\nStop it, rotate, and start it again.\n',
    ])
  })

  test('a second program on the same folder is refused, naming the first', async () => {
    const second = await cli(['standalone', '--port', '0'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(`pid ${program.child.pid}`)
  })

  test('SIGTERM ends it in order, with 0', async () => {
    program.child.kill('SIGTERM')
    expect(await once(program.child, 'exit')).toEqual([0, null])
    expect(program.lines.at(-1)).toContain('Stopped')
    expect(program.lines.join('\n')).not.toMatch(/While stopping|Database connection/)
  })
})

describe('after it was stopped', () => {
  test('what reads still works, what needs a scheduler says so', async () => {
    expect(await json<unknown[]>('runs', 'list')).toHaveLength(3)
    expect(await json('db', 'check')).toMatchObject({ ok: true })
    expect((await cli(['dags', 'pause', 'sums'])).stderr).toContain('Start it with: npm start')
  })

  test('keys are rotated, and the secret can still be read', async () => {
    expect(await json('secrets', 'rotate')).toEqual({ encrypted: 2 })
    expect((await cli(['variables', 'get', 'token', '--reveal'])).stdout).toBe('s3cret-value\n')
  })

  test('everything is exported, and imported into another folder', async () => {
    const exported = await json<{ rows: number }>('db', 'export', 'all.gz')
    expect((await cli(['db', 'export', 'all.gz'])).stderr).toContain('is there already')
    const imported = await json<{ rows: number }>('db', 'import', 'all.gz', '--data-folder', 'other')
    expect(imported.rows).toBe(exported.rows)
    const runs = await json<unknown[]>('runs', 'list', '--data-folder', 'other')
    expect(runs).toEqual(await json('runs', 'list'))
  })

  test('dags test runs a file once without any of it', async () => {
    const ran = await cli(['dags', 'test', 'dags/sums.ts', '--dag', 'sums', '--variable', 'token=abc', '--json'])
    expect(ran.code, ran.stderr).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject({
      state: 'success',
      task_instances: [{ result: [1, 2, 3] }, { result: 6 }, { result: 6 }],
    })
    expect(ran.stderr).toContain('total: token abc')
    const broken = await cli(['dags', 'test', 'dags/broken.ts'])
    expect([broken.code, broken.stdout]).toEqual([1, expect.stringContaining('bad-cron')])
    expect((await cli(['dags', 'test', 'dags/sums.ts'])).stderr).toContain('Name one with --dag: sums, hourly')
  })
})
