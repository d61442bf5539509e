/**
 * Memory of the program with all its processes, as Linux shares it out (PSS: a page used by n processes counts a n-th for
 * each). Its PostgreSQL server is left out. Elsewhere than on Linux there is no such figure.
 */
import { readdir, readFile } from 'node:fs/promises'

const MB = 1024 * 1024

interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** PSS in MB of one process; `null` where the system does not tell. */
export async function pssOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const kb = /^Pss:\s+(\d+) kB/m.exec(text)?.[1]
  return kb === undefined ? null : (Number(kb) * 1024) / MB
}

export interface ProgramMemory {
  readonly mb: number
  readonly processes: number
}

/** Of a program and everything it started but its database server. */
export async function programMemory(pid: number): Promise<ProgramMemory | null> {
  const own = await familyOf(pid)
  const sizes = await Promise.all(own.map(pssOf))
  const known = sizes.filter((size) => size !== null)
  return known.length === 0 ? null : { mb: known.reduce((sum, size) => sum + size, 0), processes: known.length }
}

async function familyOf(root: number): Promise<readonly number[]> {
  const all = await allProcesses()
  const family: number[] = []
  const visit = (pid: number) => {
    family.push(pid)
    for (const one of all) {
      // The server hangs below a shell that supervises it.
      if (one.parent === pid && !/tradewind-postgres|postgres/.test(one.command)) visit(one.pid)
    }
  }
  visit(root)
  return family
}

async function allProcesses(): Promise<readonly ProcessFacts[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const facts = await Promise.all(
    pids.map(async (pid) => {
      const [stat, command] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
        readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
      ])
      // The name stands in brackets and may hold anything; after it: state, parent.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return { pid: Number(pid), parent, command }
    }),
  )
  return facts.filter((one) => one.parent > 0)
}
