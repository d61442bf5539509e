/**
 * Which program owns a data folder: one file with pid and start time. Invariant: never two programs on one folder; a
 * dead owner, a zombie or a reused pid never blocks a start. (Should two starts race past a stale file, the server's
 * own lock on its folder still lets only one of them through.)
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, markOf, type ProcessMark } from './process-state.ts'

const FILE = 'owner.json'

/** Takes the folder for this process; throws naming the pid of a living owner. Returns what gives it back. */
export async function takeFolder(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, FILE)
  const mine = markOf(process.pid)
  if (!mine) throw new Error(`Cannot read the state of our own process ${process.pid}; is /proc mounted?`)
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, JSON.stringify(mine), { flag: 'wx', mode: 0o600 })
      return async () => {
        const now = await ownerOf(dataDir)
        if (now && now.pid === mine.pid && now.started === mine.started) await rm(path, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = await ownerOf(dataDir)
    if (owner && isAlive(owner)) throw inUse(dataDir, owner.pid)
    if (attempt > 20) throw new Error(`Cannot take ${path}: other starts keep taking it. Start the program once.`)
    // Moving it aside is atomic: of several starts that saw the dead owner only one removes this very file.
    const aside = `${path}.${process.pid}.${attempt}`
    await rename(path, aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    await rm(aside, { force: true })
  }
}

/** What the owner file says, alive or not; `null` without one or with one that was cut off. */
export async function ownerOf(dataDir: string): Promise<ProcessMark | null> {
  try {
    const mark = JSON.parse(await readFile(join(dataDir, FILE), 'utf8')) as ProcessMark
    return Number.isInteger(mark.pid) && typeof mark.started === 'string' ? mark : null
  } catch {
    return null
  }
}

function inUse(dataDir: string, pid: number): Error {
  return new Error(
    `The data folder ${dataDir} is in use by the program with pid ${pid}. ` +
      `Stop that one first (kill ${pid}), or give this one a data folder of its own.`,
  )
}
