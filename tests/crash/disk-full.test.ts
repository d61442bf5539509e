/** The disk of the database full in the middle of the work: nothing that was committed is lost, and it goes on after. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startEmbeddedServer } from '../../database/embedded/server.ts'
import { migrate } from '../../database/migrations/migrate.ts'
import { checkAfterCrash, checkNothingLeft, committedSuccesses } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'

/** A cluster takes about 60 MB with its first WAL segments. */
const SIZE_MB = 160
const folder = mkdtempSync(join(tmpdir(), 'tradewind-small-disk-'))
const whyNot = mountSmallDisk()
if (whyNot !== null) console.warn(`NOT TESTED: a full disk. No small file system can be mounted here: ${whyNot}`)
afterAll(() => {
  if (whyNot === null) execFileSync('umount', ['-l', folder])
  rmSync(folder, { recursive: true, force: true })
})

function mountSmallDisk(): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=0755`, 'tradewind-test', folder], {
      stdio: 'pipe',
    })
    return null
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error)
  }
}

const DAG = `
import { randomBytes } from 'node:crypto'
const dag = new Dag('crash', {})
const first = dag.task('first', () => work(400), inPool)
const middle = dag.task('middle', async ({ n }: { n: number }) => {
  await work(50)
  // Nothing that can be compressed: its table grows with every one of them.
  return { n, much: randomBytes(40_000).toString('base64') }
})
const last = dag.task('last', ({ value }: { value: { n: number } }) => work(value.n))
last({ value: middle({ n: first() }) })
`

test.skipIf(whyNot !== null)('a full disk under the database', async () => {
  const dataDir = join(folder, 'server')
  const start = () => startEmbeddedServer({ dataDir, log: () => {} })
  let server = await start()
  await migrate(server.connection)
  const place = await CrashPlace.make({ database: server.connection })
  await place.put('crash', DAG)
  await place.use(async () => {
    const program = await place.start('data')
    await place.untilLive('crash')
    const runIds = Array.from({ length: 16 }, (_, i) => `run-${i}`)
    await place.trigger('crash', runIds)
    await place.until<{ n: number }>(
      `select count(*)::int as n from task_instance where state = 'success'`,
      ([row]) => row!.n >= 3,
    )
    const before = await committedSuccesses(place, 'crash')
    const ballast = join(folder, 'ballast')
    fill(ballast)
    await program.line(/No space left|could not extend|starting over|no longer leading/, 90_000)
    rmSync(ballast)
    // The server may have ended itself (PANIC) when it could not write its WAL; a person starts it again.
    await server.stop()
    server = await start()
    await place.untilRunsEnded('crash', runIds.length, 90_000)
    const causes = ['host-lost', 'cancelled', 'not-started', 'error']
    await checkAfterCrash(place, { dagId: 'crash', runs: runIds.length, tasks: 3, before, causes, folders: ['data'] })
    expect(before.length).toBeGreaterThanOrEqual(3)
    await program.stop()
    await checkNothingLeft(place)
  })
  await server.stop()
})

/** To the last byte. */
function fill(path: string): void {
  const { bavail, bsize } = statfsSync(folder)
  try {
    writeFileSync(path, Buffer.alloc(bavail * bsize))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
