/**
 * Reads the `postmaster.pid` of a cluster and deals with what an earlier program left: a stale file is removed, an
 * orphaned server is stopped. Invariant: no process is signalled unless its command line shows that it is a server on
 * exactly this folder.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandLineOf, isAlive, markOf, type ProcessMark } from './process-state.ts'

export interface Postmaster {
  readonly mark: ProcessMark
  readonly port: number
  readonly socketDir: string
}

/** The living server on `cluster`, or `null`: no file, a cut-off file, a dead, zombie or reused pid. */
export async function livingPostmaster(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  // Lines: pid, data folder, start, port, socket folder, ...
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 1) return null
  const mark = markOf(pid)
  const command = commandLineOf(pid)
  if (!mark || !/\bpostgres\b/.test(command) || !command.includes(`-D ${cluster}`)) return null
  return { mark, port: Number(lines[3] ?? 0), socketDir: lines[4] ?? '' }
}

/** Stops an orphan and removes stale lock files, so that a server can start on `cluster`. */
export async function clearLeftovers(cluster: string, socketDir: string, log: (line: string) => void): Promise<void> {
  const orphan = await livingPostmaster(cluster)
  if (orphan) {
    log(`Stopping the PostgreSQL server (pid ${orphan.mark.pid}) that an earlier program left behind`)
    await stopOrphan(orphan.mark)
  }
  await rm(join(cluster, 'postmaster.pid'), { force: true })
  await rm(join(socketDir, '.s.PGSQL.5432'), { force: true })
  await rm(join(socketDir, '.s.PGSQL.5432.lock'), { force: true })
}

/** Fast shutdown; then immediate; then the hard way, after which crash recovery makes it whole. */
async function stopOrphan(mark: ProcessMark): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 15_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(mark.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
      throw error
    }
    const until = Date.now() + patienceMs
    while (Date.now() < until) {
      if (!isAlive(mark)) return
      await sleep(10)
    }
  }
  throw new Error(`The PostgreSQL server with pid ${mark.pid} does not end, not even by SIGKILL. End it by hand.`)
}
