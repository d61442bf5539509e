import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogAddress, LogLine } from '../../core/ports/log-store.ts'
import { escapeName, logPath } from '../../executor/file-log-path.ts'
import { createFileLogStore } from '../../executor/file-log-store.ts'
import { causeOf, dagOf, makeWorld } from './harness.ts'

const address: LogAddress = {
  tiId: 1,
  tryNumber: 2,
  dagId: 'sales',
  runId: 'manual__1',
  taskId: 'g.load',
  mapIndex: -1,
}
const line = (text: string): LogLine => ({ at: 1, level: 'info', source: 'stdout', text })

describe('log paths', () => {
  it('are readable', () => {
    expect(logPath('/logs', address)).toBe('/logs/dag=sales/run=manual__1/task=g.load/try=2.jsonl')
    expect(logPath('/logs', { ...address, mapIndex: 3 })).toBe(
      '/logs/dag=sales/run=manual__1/task=g.load/map=3/try=2.jsonl',
    )
  })

  it.each([
    '../../etc',
    '..',
    '/',
    'a/b',
    'a\\b',
    'nul\0',
    '',
    'ü',
    '\ud800',
    '%2F',
    'con:1',
    'x'.repeat(5_000),
    'ü'.repeat(300),
  ])('stay below the folder whatever the names hold: %j', (name) => {
    const path = logPath('/logs', { ...address, dagId: name, runId: name, taskId: name })
    expect(join(path)).toBe(path)
    const parts = path.split('/')
    expect(parts).toHaveLength(6)
    for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_.+@%~=-]{0,255}$/)
  })

  it('differ for different names', () => {
    const names = ['a/b', 'a%2Fb', 'a%2fb', 'x'.repeat(300), `${'x'.repeat(299)}y`, 'ü', 'u']
    expect(new Set(names.map(escapeName)).size).toBe(names.length)
  })
})

describe('the log store on files', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tradewind-logs-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    ['within a line', '{"at":1,"le', ['a', 'the end']],
    ['after a line', '', ['a', 'the end']],
  ])('ends what a killed host left %s', async (_, rest, texts) => {
    const left = { ...address, runId: `left-${rest}` }
    const logsDir = mkdtempSync(join(folder, 'killed-'))
    const dead = createFileLogStore({ logsDir, flushEveryMs: 1 })
    dead.append(left, [line('a')])
    await dead.close()
    appendFileSync(logPath(logsDir, left), rest)
    const logs = createFileLogStore({ logsDir, flushEveryMs: 1 })
    logs.conclude(left, line('the end'))
    expect((await logs.read(left)).lines.map((one) => one.text)).toEqual(texts)
    const wordless = { ...address, runId: 'wordless' }
    logs.conclude(wordless, line('the end'))
    expect((await logs.read(wordless)).lines.map((one) => one.text)).toEqual(['the end'])
    await logs.close()
    rmSync(logsDir, { recursive: true })
  })

  it('reads what was appended, from any place on, and nothing of a half-written line', async () => {
    const logs = createFileLogStore({ logsDir: folder })
    expect(await logs.read(address)).toEqual({ lines: [], nextByte: 0 })
    expect(readdirSync(folder)).toEqual([])
    logs.append(address, [line('one'), line('zwei ü')])
    const first = await logs.read(address)
    expect(first.lines.map((item) => item.text)).toEqual(['one', 'zwei ü'])
    logs.append(address, [line('three')])
    await logs.flush(address)
    appendFileSync(logPath(folder, address), '{"at":1,"half')
    const second = await logs.read(address, first.nextByte)
    expect(second.lines.map((item) => item.text)).toEqual(['three'])
    expect(await logs.read(address, second.nextByte)).toEqual({ lines: [], nextByte: second.nextByte })
    await logs.close()
  })

  it('keeps the order of many lines and reads a large log in parts', async () => {
    const logs = createFileLogStore({ logsDir: folder, flushEveryMs: 1 })
    const other = { ...address, tryNumber: 3 }
    for (let i = 0; i < 20_000; i++) {
      logs.append(other, [line(`${i} ${'x'.repeat(400)}`)])
      if (i % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    let from = 0
    let count = 0
    for (;;) {
      const part = await logs.read(other, from)
      if (part.nextByte === from) break
      for (const item of part.lines) expect(item.text.startsWith(`${count++} `)).toBe(true)
      from = part.nextByte
    }
    expect(count).toBe(20_000)
    await logs.close()
  })

  it('says once that it cannot write, and goes on', async () => {
    const said: string[] = []
    appendFileSync(join(folder, 'blocked'), '')
    const logs = createFileLogStore({ logsDir: join(folder, 'blocked'), onDiagnostic: (text) => void said.push(text) })
    for (const text of ['a', 'b']) {
      logs.append(address, [line(text)])
      await logs.flush(address)
    }
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('Log lines lost')
    await logs.close()
  })
})

describe('the log of a try', () => {
  it('is cut past its limit with a line that says so, and still ends with the cause of death', async () => {
    const world = await makeWorld({ limits: { logCharsPerTry: 20_000, logLineChars: 1_000 } })
    const bundleHash = world.bundle(
      dagOf({
        floods:
          "() => { for (let i = 0; i < 5_000; i++) console.log(i, 'x'.repeat(100)); console.log('y'.repeat(5_000_000)); throw new Error('at last') }",
      }),
    )
    const dispatch = world.dispatch({ bundleHash, taskId: 'floods' })
    expect(causeOf(await world.ended(dispatch)).message).toBe('Error: at last')
    const lines = await world.log(dispatch)
    expect(lines.length).toBeLessThan(200)
    expect(lines.at(-2)?.text).toContain('Log cut here: past 20 KiB')
    expect(lines.at(-1)?.text).toContain('at last')
    await world.stop()
  })
})
