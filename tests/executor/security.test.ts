/** What a Dag finds when it looks for what it must not have: its environment, its parent's, the data folder. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dagOf, makeWorld, returned, type World } from './harness.ts'

const TASKS = dagOf({
  environment: '() => Object.keys(process.env).sort()',
  files: `() => {
    const { readdirSync, readlinkSync } = require('node:fs')
    return readdirSync('/proc/self/fd').map((fd) => { try { return readlinkSync('/proc/self/fd/' + fd) } catch { return null } })
  }`,
  parent: "() => require('node:fs').readFileSync('/proc/' + process.ppid + '/environ', 'latin1')",
  secrets: `({ file }) => {
    try { return require('node:fs').readFileSync(file, 'utf8') } catch (error) { return error.code }
  }`,
  parentTried: `() => {
    try { return require('node:fs').readFileSync('/proc/' + process.ppid + '/environ', 'latin1') } catch (error) { return error.code }
  }`,
  who: '() => [process.getuid(), process.getgid(), process.getgroups()]',
  writes: `() => {
    const file = tw.getContext().filesDir + '/made'
    require('node:fs').writeFileSync(file, 'x')
    return require('node:fs').readFileSync(file, 'utf8')
  }`,
  channel: '() => [typeof process.send, process.argv.length, process.execArgv.join()]',
  childEnvironment:
    "() => require('node:child_process').execSync('env').toString().split('\\n').map((l) => l.split('=')[0]).sort()",
})

const NOBODY = { uid: 65534, gid: 65534 }
/** Whether another user may run node and read this checkout, as root can arrange. */
const asNobody =
  process.getuid?.() === 0 &&
  spawnSync(
    process.execPath,
    ['-e', `require('node:fs').readFileSync(${JSON.stringify(import.meta.filename)})`],
    NOBODY,
  ).status === 0

describe('a Dag that looks around', () => {
  let world: World
  let bundleHash: string
  beforeAll(async () => {
    world = await makeWorld()
    bundleHash = world.bundle(TASKS)
  })
  afterAll(() => world.stop())
  const run = async (taskId: string) => returned(await world.run({ bundleHash, taskId }))

  it('finds only the environment it is allowed, and so do its processes', async () => {
    const allowed = ['ALLOWED', 'PATH', 'TRADEWIND_CHILD', 'TRADEWIND_CORRELATION_ID', 'TRADEWIND_RUN_ID']
    expect(await run('environment')).toEqual(allowed)
    const own = (await run('childEnvironment')) as string[]
    expect(own.filter((name) => !['', '_', 'OLDPWD', 'PWD', 'SHLVL'].includes(name))).toEqual(allowed)
  })

  it('inherits no open file of the host, and no channel', async () => {
    const open = (await run('files')) as (string | null)[]
    const outside = open.filter((place) => place?.startsWith('/') && !/^\/(dev\/(null|pts)|proc\/)/.test(place))
    expect(outside).toEqual([])
    expect(await run('channel')).toEqual(['undefined', 2, '--max-old-space-size=256'])
  })
})

describe.skipIf(!asNobody)(
  'a Dag under another user (skipped unless root, and unless the checkout is readable by all)',
  () => {
    let world: World
    let bundleHash: string
    beforeAll(async () => {
      world = await makeWorld({ childIdentity: NOBODY })
      bundleHash = world.bundle(TASKS)
    })
    afterAll(() => world.stop())
    const run = async (taskId: string, inputs = {}) => returned(await world.run({ bundleHash, taskId, inputs }))

    it('is that user, without further groups', async () => {
      expect(await run('who')).toEqual([65534, 65534, [65534]])
    })

    it("cannot read its parent's environment, nor the data folder, nor change the code of others", async () => {
      const data = join(world.folder, 'data')
      mkdirSync(data)
      writeFileSync(join(data, 'password'), 'secret of the database')
      chmodSync(data, 0o700)
      expect(await run('secrets', { file: { kind: 'literal', value: join(data, 'password') } })).toBe('EACCES')
      expect(await run('parentTried')).toBe('EACCES')
    })

    it('may write where it is meant to', async () => {
      expect(await run('writes')).toBe('x')
    })

    it('is refused at start when it could not reach its folders', async () => {
      const folder = join(world.folder, 'closed')
      mkdirSync(folder, { mode: 0o700 })
      await expect(makeWorld({ childIdentity: NOBODY, filesDir: join(folder, 'files') })).rejects.toThrow(
        /chmod o\+x .*closed/,
      )
    })
  },
)

describe('what remains possible under the same user', () => {
  it("a Dag can read its parent's initial environment: keep secrets out of it", async () => {
    const world = await makeWorld()
    const bundleHash = world.bundle(TASKS)
    expect(returned(await world.run({ bundleHash, taskId: 'parent' }))).toContain('PATH=')
    await world.stop()
  })
})

if (!asNobody)
  console.warn('SKIPPED: the tests of children under another user need root and a checkout that all may read.')
