/** A host of this machine is declared dead only when it is, and never before what it left running is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { CHILD_MARKER } from '../../core/ports/child-protocol.ts'
import { isDeadWithItsChildren } from '../../executor/dead-hosts.ts'
import { hostName, ownProcess, readHostName } from '../../executor/host-name.ts'
import { readProcess } from '../../executor/process-tree.ts'

const started: ChildProcess[] = []
function sleeper(env: Record<string, string> = {}): ChildProcess {
  const child = spawn('sleep', ['1000'], { env, stdio: 'ignore' })
  started.push(child)
  return child
}
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
afterEach(async () => {
  for (const child of started.splice(0)) await kill(child)
})

/** As the process would have called itself, were it a host. */
async function nameOf(child: ChildProcess, over: Partial<{ machine: string; uid: number }> = {}) {
  const { startTime } = (await readProcess(child.pid!))!
  const self = ownProcess()!
  const { machine, uid } = { ...self, ...over }
  return { name: `box:${child.pid}:1:${machine}.${startTime}.${uid}`, marker: `scope.${child.pid}-${startTime}.token` }
}

describe.skipIf(process.platform !== 'linux')('a host of this machine', () => {
  it('tells in its name who it is', () => {
    expect(readHostName(hostName(5))).toEqual(ownProcess())
    expect(hostName(5)).toMatch(/^[^:]+:\d+:5:/)
    expect(readHostName('box:1:2')).toBeNull()
  })

  it('is alive while its process is, stopped or not', async () => {
    const host = sleeper()
    const { name } = await nameOf(host)
    expect(await isDeadWithItsChildren(name)).toBe(false)
    host.kill('SIGSTOP')
    expect(await isDeadWithItsChildren(name)).toBe(false)
    expect(await isDeadWithItsChildren(hostName(1))).toBe(false)
  })

  it('is dead when its process is gone, also when its pid belongs to another by now', async () => {
    const host = sleeper()
    const { name } = await nameOf(host)
    const reused = name.replace(/\.(\d+)\.(\d+)$/, (_, ticks: string, uid: string) => `.${Number(ticks) - 1}.${uid}`)
    expect(await isDeadWithItsChildren(reused)).toBe(true)
    await kill(host)
    expect(await isDeadWithItsChildren(name)).toBe(true)
  })

  it('has its children killed first, even a stopped one, and nobody else', async () => {
    const host = sleeper()
    const { name, marker } = await nameOf(host)
    const orphan = sleeper({ [CHILD_MARKER]: marker })
    const other = sleeper({ [CHILD_MARKER]: marker.replace('-', '-1') })
    orphan.kill('SIGSTOP')
    expect(await isDeadWithItsChildren(name)).toBe(false)
    expect((await readProcess(orphan.pid!))?.state).not.toBe('Z')
    await kill(host)
    const died = once(orphan, 'exit')
    expect(await isDeadWithItsChildren(name)).toBe(true)
    expect(await died).toEqual([null, 'SIGKILL'])
    expect(other.exitCode ?? other.signalCode).toBeNull()
  })

  it('is not known when it was another machine, or ran as a user whose processes we may not see', async () => {
    const host = sleeper()
    const elsewhere = await nameOf(host, { machine: '0123456789ab' })
    const { name } = await nameOf(host)
    await kill(host)
    expect(await isDeadWithItsChildren(elsewhere.name)).toBe(false)
    expect(await isDeadWithItsChildren('box:1:2')).toBe(false)
    expect(await isDeadWithItsChildren(name)).toBe(true)
  })
})
