/** Files that misbehave while they are loaded: each becomes a problem of that file, and nothing else suffers. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { dagFile, idsOf, openWorkbench, REPOSITORY } from './workbench.ts'

const run = promisify(execFile)
const IMPORT = `import { Dag } from 'tradewind'\n`

describe('a file that cannot be loaded', () => {
  test.each([
    [
      'an error',
      `function inner(): never { throw new RangeError('too far') }\ninner()`,
      'import-failed',
      /RangeError: too far/,
      2,
    ],
    ['something thrown that is no error', `throw 'just text'`, 'import-failed', /The file threw just text/, undefined],
    ['a rejection nobody awaits', `void Promise.reject(new Error('late'))`, 'import-failed', /Error: late/, 2],
    ['process.exit', `process.exit(3)`, 'parse-exit', /process\.exit\(3\) was called/, 2],
    ['a signal to itself', `process.kill(process.pid, 'SIGSEGV')\nfor (;;) {}`, 'parse-exit', /SIGSEGV/, undefined],
    ['abort', `process.abort()`, 'parse-exit', /SIGABRT/, undefined],
    [
      'a missing data file',
      `import { readFileSync } from 'node:fs'\nreadFileSync(new URL('./no.csv', import.meta.url))`,
      'import-failed',
      /ENOENT.*no\.csv/,
      3,
    ],
  ])('%s', async (_name, code, problem, message, line) => {
    await using bench = await openWorkbench()
    await bench.write('bad.ts', `${IMPORT}${code}\nexport default new Dag('bad')`)
    await bench.write('good.ts', dagFile('good'))
    await bench.processor.start()
    const report = await bench.broken('bad.ts', 0)
    expect(report.problems).toHaveLength(1)
    expect(report.problems[0]).toMatchObject({ code: problem, file: 'bad.ts', message: expect.stringMatching(message) })
    expect(report.problems[0]?.line).toBe(line)
    expect(report.problems[0]?.remedy).not.toBe('')
    expect(idsOf(await bench.parsed('good.ts', 0))).toEqual(['good'])
  })

  test.each([
    ['a loop', 'for (;;) {}'],
    ['a wait', 'await new Promise((resolve) => setTimeout(resolve, 1e8))'],
  ])('%s without end runs into the time limit', async (_name, code) => {
    await using bench = await openWorkbench({ limits: { parseTimeoutMs: 700, parseMemoryMb: 256 } })
    await bench.write('slow.ts', `${IMPORT}${code}\nexport default new Dag('slow')`)
    await bench.write('zgood.ts', dagFile('good'))
    await bench.processor.start()
    expect((await bench.broken('slow.ts', 0)).problems).toMatchObject([
      {
        code: 'parse-timeout',
        message: expect.stringContaining('after 0.7 s'),
        remedy: expect.stringContaining('dag_processor.parse_timeout'),
      },
    ])
    await bench.parsed('zgood.ts', 0)
  })

  test.each([
    ['on the heap', 'const all: unknown[] = []\nfor (;;) all.push(new Array(1000).fill({}))'],
    ['beside the heap', 'const all: Buffer[] = []\nfor (;;) all.push(Buffer.alloc(4_000_000, 1))'],
  ])('too much memory %s', async (_name, code) => {
    await using bench = await openWorkbench({ limits: { parseTimeoutMs: 20_000, parseMemoryMb: 150 } })
    await bench.write('big.ts', `${IMPORT}${code}\nexport default new Dag('big')`)
    await bench.processor.start()
    expect((await bench.broken('big.ts', 0)).problems).toMatchObject([
      {
        code: 'parse-memory',
        message: expect.stringContaining('150 MiB'),
        remedy: expect.stringContaining('inside of tasks'),
      },
    ])
  })

  test('all mistakes of an author at once, at their lines', async () => {
    await using bench = await openWorkbench()
    await bench.write(
      'wrong.ts',
      `import { Dag } from 'tradewind'
const dag = new Dag('wrong', { schedule: '99 * * * *' })
dag.task('twice', async () => 1)()
dag.task('twice', async () => 1)()`,
    )
    await bench.processor.start()
    const { problems } = await bench.broken('wrong.ts', 0)
    expect(problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['bad-cron', 'duplicate-task-id']))
    expect(problems.map(({ file }) => file)).toEqual(problems.map(() => 'wrong.ts'))
    expect(problems.find(({ code }) => code === 'duplicate-task-id')?.line).toBe(4)
  })
})

describe('a parse child', () => {
  test('has only the environment it is given, and what a file changes is not there for the next', async () => {
    await using bench = await openWorkbench({ childEnv: { GREETING: 'hello' } })
    const tell = `JSON.stringify([Object.keys(process.env).filter((name) => !name.startsWith('NODE_CHANNEL')), process.env.GREETING, 'leak' in globalThis, process.cwd()])`
    const fresh = JSON.stringify([['GREETING'], 'hello', false, bench.folder])
    const changes = [
      '',
      `process.env.GREETING = 'changed'; process.env.MORE = '1'`,
      'globalThis.leak = 1',
      `process.chdir('/')`,
      'setInterval(() => {}, 1000)',
    ]
    for (const [index, change] of changes.entries()) {
      await bench.write('change.ts', `${IMPORT}${change}\nnew Dag('change${index}')`)
      await bench.write('tell.ts', `${IMPORT}new Dag('tell', { description: ${tell} })`)
      expect((await bench.processor.parseOne('change.ts')).report.type).toBe('parsed')
      const { report } = await bench.processor.parseOne('tell.ts')
      expect(report).toMatchObject({ type: 'parsed', dags: [{ serialized: { description: fresh } }] })
    }
  })

  test('is used again while it is clean, and what files print goes to the log', async () => {
    await using bench = await openWorkbench()
    const printing = `console.log('pid', process.pid)\n`
    for (const name of ['a', 'b', 'c', 'd', 'e']) await bench.write(`${name}.ts`, printing + dagFile(name))
    await bench.processor.start()
    const pids = new Set(bench.log.flatMap((line) => /^\[[a-e]\.ts\] pid (\d+)$/.exec(line)?.[1] ?? []))
    expect(bench.log.filter((line) => line.includes('] pid ')).length).toBeGreaterThanOrEqual(5)
    expect(pids.size).toBeLessThanOrEqual(2)
    await bench.processor.stop()
    for (const pid of pids) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
  })

  test('runs as another user when told to', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('needs root')
    const { stdout } = await run('id', ['-u', 'nobody'])
    const uid = Number(stdout)
    const probe = spawn(process.execPath, ['-e', ''], { uid, gid: uid, cwd: '/' })
    const [code] = await once(probe, 'exit')
    if (code !== 0) skip('another user cannot run this Node')
    await using bench = await openWorkbench({ childIdentity: { uid, gid: uid } })
    await run('chmod', ['755', bench.root])
    await bench.write('who.ts', `${IMPORT}await 1\nnew Dag('who', { description: String(process.getuid?.()) })`)
    await bench.processor.start()
    expect((await bench.parsed('who.ts', 0)).dags[0]?.serialized.description).toBe(String(uid))
  })

  test('dies with its parent, even in an endless loop', async () => {
    await using bench = await openWorkbench()
    await bench.write('loop.ts', `${IMPORT}console.log('child', process.pid)\nfor (;;) {}\nnew Dag('x')`)
    const host = spawn(
      process.execPath,
      [new URL('./parse-host.ts', import.meta.url).pathname, bench.folder, bench.cacheDir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: REPOSITORY,
      },
    )
    let child = 0
    for await (const line of createInterface({ input: host.stdout })) {
      child = Number(/^\[loop\.ts\] child (\d+)$/.exec(line)?.[1] ?? 0)
      if (child > 0) break
    }
    host.kill('SIGKILL')
    await once(host, 'exit')
    await expect.poll(() => isAlive(child), { timeout: 5000, interval: 20 }).toBe(false)
  })
})

test.each([
  ['lines', 'yes'],
  ['one line', 'tr "\\\\0" x < /dev/zero'],
])('a flood of output while loading, of %s, is cut', async (_name, command) => {
  await using bench = await openWorkbench({ limits: { parseTimeoutMs: 1_500, parseMemoryMb: 256 } })
  const floods = `import { execSync } from 'node:child_process'\nexecSync('${command}', { stdio: 'inherit' })\n`
  await bench.write('flood.ts', `${IMPORT}${floods}new Dag('flood')`)
  await bench.write('zgood.ts', `${dagFile('good')}\nconsole.log('still heard')`)
  await bench.processor.start()
  expect((await bench.broken('flood.ts', 0)).problems).toMatchObject([{ code: 'parse-timeout' }])
  expect(bench.log.join('\n')).toContain('[flood.ts] Output cut here')
  expect(bench.log.join('').length).toBeLessThan(2_000_000)
  expect(Math.max(...bench.log.map((line) => line.length))).toBeLessThan(5_000)
  expect(bench.log.join('\n')).toContain('[zgood.ts] still heard')
})

test('a Dag that differs each time it is loaded is named once, with the place', async () => {
  await using bench = await openWorkbench()
  await bench.write('stable.ts', dagFile('stable'))
  await bench.write(
    'random.ts',
    `${IMPORT}const dag = new Dag('random')
const work = dag.task('work', async ({ at }: { at: number }) => at)
work({ at: Date.now() })`,
  )
  await bench.processor.start()
  const warned = await bench.next('random.ts', (report) => report.type === 'parsed' && report.warnings.length > 0, 0)
  expect(warned).toMatchObject({
    warnings: [
      {
        code: 'nondeterministic-dag',
        dagId: 'random',
        taskId: 'work',
        file: 'random.ts',
        line: 3,
        message: expect.stringContaining('tasks[0].inputs.at.value'),
      },
    ],
  })
  expect(bench.reports.filter((report) => report.type === 'parsed' && report.file === 'stable.ts')).toHaveLength(1)
})

test('parseOne tells of one file without reporting', async () => {
  await using bench = await openWorkbench()
  await bench.write('a.ts', dagFile('a'))
  await bench.write('b.ts', 'const =')
  const { report, bundle } = await bench.processor.parseOne('a.ts')
  expect(idsOf(report)).toEqual(['a'])
  expect(bundle?.hash).toBe(report.type === 'parsed' && report.bundleHash)
  expect((await bench.processor.parseOne('b.ts')).report.type).toBe('broken')
  await expect(bench.processor.parseOne('c.ts')).rejects.toThrow('There is no file c.ts')
  expect(bench.reports).toEqual([])
})

test('a bundle that cannot be saved is tried again', async () => {
  let refuse = true
  await using bench = await openWorkbench({
    bundles: {
      async saveBundle() {
        if (refuse) throw new Error('the database is away')
      },
    },
  })
  await bench.write('a.ts', dagFile('a'))
  await bench.processor.start()
  expect(bench.log.join('\n')).toContain('the database is away')
  // Its Dags must not be taken for deleted.
  expect(bench.reports).toMatchObject([{ type: 'complete', files: ['a.ts'] }])
  refuse = false
  await bench.processor.rescan()
  expect(bench.lastOf('a.ts')?.type).toBe('parsed')
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a Dag with warnings is taken, and they are told with it', async () => {
  await using bench = await openWorkbench()
  await bench.write('saga.ts', `${IMPORT}new Dag('saga').saga('all', (saga) => void saga.task('a', async () => {})())`)
  await bench.processor.start()
  const { dags, warnings } = await bench.parsed('saga.ts', 0)
  expect(dags.map(({ serialized }) => serialized.dagId)).toEqual(['saga'])
  expect(warnings).toMatchObject([{ code: 'saga-without-compensation', file: 'saga.ts', line: 2, dagId: 'saga' }])
  expect((await bench.processor.parseOne('saga.ts')).report).toMatchObject({ warnings })
})

test.each([
  ['order-{params.id', 'is not closed'],
  ['order-{params.ordr}', 'have no "ordr"'],
  ['order', 'names no param'],
])('the correlation id %s is refused where the params are known', async (correlationId, why) => {
  await using bench = await openWorkbench()
  await bench.write(
    'order.ts',
    `${IMPORT}new Dag('order', { params: { order: 1 }, correlationId: '${correlationId}' })`,
  )
  await bench.processor.start()
  expect((await bench.broken('order.ts', 0)).problems).toMatchObject([
    { code: 'bad-correlation-id', message: expect.stringContaining(why), file: 'order.ts', line: 2, dagId: 'order' },
  ])
})
