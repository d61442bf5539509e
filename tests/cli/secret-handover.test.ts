/** Secrets leave the environment the program was started with before code of Dag files can run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'

const PROBE = fileURLToPath(new URL('./fixtures/handover-probe.ts', import.meta.url))
const SECRET = 'postgres://u:hunter2@127.0.0.1/none'
const WITHOUT_EXECVE = 'data:text/javascript,process.execve = undefined'

interface Seen {
  readonly pid: number
  readonly args: readonly string[]
  readonly handedOver: Record<string, string>
  readonly environ: readonly string[]
  readonly names: readonly string[]
}

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

async function start(args: readonly string[], env: Record<string, string>, nodeArgs: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, PROBE, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  started.push(child)
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it said anything`)))
  })
  return { child, seen: JSON.parse(line) as Seen }
}

/** A zombie whose parent is gone waits for the system to collect it; it runs nothing any more. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const ways = [
  ['by replacing itself', []],
  ['by a child, on an older Node', ['--import', WITHOUT_EXECVE]],
] as const

describe.each(ways)('%s', (way, nodeArgs) => {
  test('the secrets arrive, the environment and /proc do not hold them', async () => {
    const env = { DATABASE_URL: SECRET, TRADEWIND_SECRET_KEY: 'k3y', PGPASSWORD: 'pw', OTHER: 'stays' }
    const { child, seen } = await start(['a b', '--flag'], env, nodeArgs)
    expect(seen.handedOver).toEqual({ DATABASE_URL: SECRET, TRADEWIND_SECRET_KEY: 'k3y', PGPASSWORD: 'pw' })
    expect(seen.args).toEqual(['a b', '--flag'])
    expect(seen.environ.join(' ')).not.toMatch(/hunter2|k3y|PGPASSWORD/)
    expect(seen.names).toContain('OTHER')
    expect(seen.names).not.toContain('DATABASE_URL')
    expect(seen.names).not.toContain('TRADEWIND_HANDOVER')
    if (way === 'by replacing itself') expect(seen.pid).toBe(child.pid)
    else expect(seen.pid).not.toBe(child.pid)
  })

  test('a signal and the exit code pass through', async () => {
    const { child } = await start([], { DATABASE_URL: SECRET }, nodeArgs)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([17, null])
  })

  test('kill -9 of what was started leaves nothing behind', async () => {
    const { child, seen } = await start([], { DATABASE_URL: SECRET }, nodeArgs)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(() => isAlive(seen.pid), { interval: 10 }).toBe(false)
  })
})

test('without secrets nothing is started anew', async () => {
  const { child, seen } = await start(['--once'], { OTHER: 'x' })
  expect(seen.pid).toBe(child.pid)
  expect(seen.handedOver).toEqual({})
})
