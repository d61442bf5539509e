/**
 * Which program owns a data folder: a numbered file with pid and start time; the highest number counts. Invariant: never
 * two programs on one folder; a dead owner, a zombie or a reused pid never blocks a start.
 *
 * Why numbers: a single file of a dead owner cannot be replaced without an instant in which a second start gets through.
 * Here nothing is replaced. The next number is taken by `link`, which only one start can do and which makes the file whole
 * from the first moment; the highest number never falls, so a start that was slow sees that it came too late.
 */
import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, markOf, type ProcessMark } from './process-state.ts'

const OWNER_FILE = /^owner\.(\d+)\.json$/
const MOST_ATTEMPTS = 100

/** Takes the folder for this process; throws naming the pid of a living owner. Returns what gives it back. */
export async function takeFolder(dataDir: string): Promise<() => Promise<void>> {
  const mine = markOf(process.pid)
  if (!mine) throw new Error(`Cannot read the state of our own process ${process.pid}; is /proc mounted?`)
  const draft = join(dataDir, `owner.${randomUUID()}.new`)
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const highest = await highestNumber(dataDir)
      const owner = await readMark(fileOf(dataDir, highest))
      if (owner !== null && isAlive(owner)) throw inUse(dataDir, owner.pid)
      const path = fileOf(dataDir, highest + 1)
      if (!(await linkNew(draft, path))) continue
      // Between our look and our link others may have come, gone and been tidied away; then a higher number is there.
      if ((await highestNumber(dataDir)) === highest + 1) {
        await removeBelow(dataDir, highest + 1)
        return () => giveBack(path)
      }
      await rm(path, { force: true })
    }
    throw new Error(`Cannot take ${dataDir}: other starts keep taking it. Start the program once.`)
  } finally {
    await rm(draft, { force: true })
  }
}

/** The file stays, so that its number is not given again, but names nobody. */
async function giveBack(path: string): Promise<void> {
  const draft = `${path}.new`
  await writeFile(draft, '{}', { mode: 0o600 })
  await rename(draft, path)
}

const fileOf = (dataDir: string, number: number) => join(dataDir, `owner.${number}.json`)

/** 0 in a fresh folder. */
async function highestNumber(dataDir: string): Promise<number> {
  return Math.max(0, ...(await numbers(dataDir)))
}

async function numbers(dataDir: string): Promise<number[]> {
  return (await readdir(dataDir)).flatMap((name) => {
    const number = OWNER_FILE.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

async function removeBelow(dataDir: string, number: number): Promise<void> {
  for (const lower of await numbers(dataDir)) {
    if (lower < number) await rm(fileOf(dataDir, lower), { force: true })
  }
}

/** `false`: the name is taken. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** `null` without a file, with one that was given back, or with one that a power failure cut off. */
async function readMark(path: string): Promise<ProcessMark | null> {
  try {
    const mark = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessMark>
    const { pid, started } = mark
    return pid !== undefined && Number.isInteger(pid) && typeof started === 'string' ? { pid, started } : null
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
