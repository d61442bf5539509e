/**
 * All processes of one child: its group and session, its descendants, and (by a variable they inherited) those that left
 * all of these with `setsid` or a double fork. Read from /proc on Linux; elsewhere only the process group is known.
 * A process is named by pid and start time, so a reused pid is never taken for it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { CHILD_MARKER } from '../core/ports/child-protocol.ts'
import { PAGE_BYTES } from './page-size.ts'

export interface ProcessFacts {
  readonly pid: number
  readonly name: string
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Clock ticks since boot. */
  readonly startTime: number
  readonly rssBytes: number
}

const ON_LINUX = process.platform === 'linux'
/** Processes looked at before others have their turn; takes about a millisecond. */
const READ_AT_ONCE = 32
/** A process that could not be looked at for want of these is not one that is gone. */
const OUT_OF_RESOURCES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])
const RESOURCE_PAUSE_MS = 20

/** `null` when there is no such process. */
export async function readProcess(pid: number): Promise<ProcessFacts | null> {
  return patiently(() => readFacts(pid))
}

function readFacts(pid: number): ProcessFacts | null {
  const text = readOrNull(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name is in parentheses and may itself hold blanks and parentheses.
  const close = text.lastIndexOf(')')
  const name = text.slice(text.indexOf('(') + 1, close)
  const fields = text.slice(close + 2).split(' ')
  const number = (index: number) => Number(fields[index] ?? 0)
  return {
    pid,
    name,
    state: fields[0] ?? '?',
    parent: number(1),
    group: number(2),
    session: number(3),
    startTime: number(19),
    rssBytes: number(21) * PAGE_BYTES,
  }
}

/** Everything that ran when it was taken; for several trees one is enough. */
export interface Census {
  readonly processes: readonly (ProcessFacts & { readonly marker: string | null })[]
}

/**
 * Read synchronously, a few processes at a time: through the thread pool each of these small files costs five times as
 * much. Zombies have ended; they only wait to be collected by a parent that may never do so.
 */
export async function takeCensus(): Promise<Census> {
  if (!ON_LINUX) return { processes: [] }
  const processes: Census['processes'][number][] = []
  const pids = (await patiently(() => readdirSync('/proc'))).filter((name) => /^\d+$/.test(name)).map(Number)
  for (let at = 0; at < pids.length; at += READ_AT_ONCE) {
    const some = await patiently(() => pids.slice(at, at + READ_AT_ONCE).flatMap((pid) => readAlive(pid) ?? []))
    processes.push(...some)
    await nextTurn()
  }
  return { processes }
}

function readAlive(pid: number): Census['processes'][number] | null {
  const facts = readFacts(pid)
  return facts === null || hasEnded(facts) ? null : { ...facts, marker: markerOf(pid) }
}

function hasEnded({ state }: ProcessFacts): boolean {
  return state === 'Z' || state === 'X'
}

function markerOf(pid: number): string | null {
  // `null`: gone, or another user's.
  const environment = readOrNull(`/proc/${pid}/environ`)
  const prefix = `${CHILD_MARKER}=`
  for (const entry of environment?.split('\0') ?? []) if (entry.startsWith(prefix)) return entry.slice(prefix.length)
  return null
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (OUT_OF_RESOURCES.has((error as NodeJS.ErrnoException).code)) throw error
    return null
  }
}

/** Tries again until there are file descriptors and memory for it. */
async function patiently<T>(read: () => T): Promise<T> {
  for (;;) {
    try {
      return read()
    } catch (error) {
      if (!OUT_OF_RESOURCES.has((error as NodeJS.ErrnoException).code)) throw error
      await delay(RESOURCE_PAUSE_MS)
    }
  }
}

export interface ProcessTree {
  /** The child, leader of its own group and session. */
  readonly pid: number
  /** Value of its marker variable. */
  readonly marker: string
}

/** Everything alive that belongs to the child; the child itself included while it lives. */
export async function findTree(tree: ProcessTree): Promise<readonly ProcessFacts[]> {
  if (!ON_LINUX) return groupAlive(tree.pid) ? [unknownProcess(tree.pid)] : []
  return treeIn(await takeCensus(), tree)
}

export function treeIn({ processes }: Census, tree: ProcessTree): readonly ProcessFacts[] {
  const found = new Set<number>([tree.pid])
  const rest: ProcessFacts[] = []
  for (const facts of processes) {
    const marked = facts.marker === tree.marker && facts.pid !== process.pid
    if (facts.group === tree.pid || facts.session === tree.pid || marked) found.add(facts.pid)
    else if (facts.pid !== process.pid) rest.push(facts)
  }
  // Descendants, for those that cleared their environment: a child may be listed before its parent.
  for (let grew = true; grew; ) {
    grew = false
    for (const facts of rest) {
      if (!found.has(facts.pid) && found.has(facts.parent)) {
        found.add(facts.pid)
        grew = true
      }
    }
  }
  return processes.filter((facts) => found.has(facts.pid))
}

/** SIGKILL for the group at once, then for whatever `findTree` still finds, until nothing is left. */
export async function killTree(tree: ProcessTree, onSlow: (left: readonly ProcessFacts[]) => void): Promise<void> {
  // Found while the child still lives: afterwards its children belong to init and only the marker tells.
  const before = await findTree(tree)
  sendKill(-tree.pid)
  for (const facts of before) await killExactly(facts)
  const since = performance.now()
  let warned = false
  for (let waitMs = 1; ; waitMs = Math.min(50, waitMs * 2)) {
    const left = await findTree(tree)
    if (left.length === 0) {
      // A descendant that left the group and cleared its environment is known only from the first look.
      const strays = await Promise.all(before.map(stillAlive))
      if (!strays.includes(true)) return
    }
    for (const facts of left) await killExactly(facts)
    if (!warned && performance.now() - since > 5_000) {
      warned = true
      onSlow(left)
    }
    await delay(waitMs)
  }
}

/** Ends what earlier hosts with the same scope left behind: a marker of theirs whose host process is gone. */
export async function killOrphans(scope: string): Promise<readonly ProcessFacts[]> {
  if (!ON_LINUX) return []
  const killed: ProcessFacts[] = []
  for (const facts of (await takeCensus()).processes) {
    if (facts.pid === process.pid) continue
    const parts = facts.marker?.split('.') ?? []
    if (parts[0] !== scope) continue
    const [hostPid, hostStart] = (parts[1] ?? '').split('-').map(Number)
    const host = await readProcess(hostPid ?? 0)
    if (host !== null && host.startTime === hostStart && !hasEnded(host)) continue
    await killExactly(facts)
    killed.push(facts)
  }
  for (const facts of killed) {
    while (await stillAlive(facts)) await delay(5)
  }
  return killed
}

/** What runs of a host, given as `<pid>-<start time>`, in whatever scope. Linux only. */
export async function markedWith(host: string): Promise<readonly ProcessFacts[]> {
  const { processes } = await takeCensus()
  return processes.filter((facts) => facts.marker?.split('.')[1] === host)
}

export async function killMarked(found: readonly ProcessFacts[]): Promise<void> {
  for (const facts of found) await killExactly(facts)
}

/** `<scope>.<host pid>-<host start time>.<token>`: what `killOrphans` and `markedWith` read. */
export async function childMarker(scope: string, token: string): Promise<string> {
  const self = await readProcess(process.pid)
  return `${scope}.${process.pid}-${self?.startTime ?? 0}.${token}`
}

/** Whether a process of the group lives; only a signal is asked for, so zombies count. */
export function groupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0)
    return true
  } catch {
    return false
  }
}

async function stillAlive(facts: ProcessFacts): Promise<boolean> {
  if (!ON_LINUX) return groupAlive(facts.pid)
  const now = await readProcess(facts.pid)
  return now !== null && now.startTime === facts.startTime && !hasEnded(now)
}

async function killExactly(facts: ProcessFacts): Promise<void> {
  if (await stillAlive(facts)) sendKill(facts.pid)
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

function unknownProcess(pid: number): ProcessFacts {
  return { pid, name: '?', state: '?', parent: 0, group: pid, session: pid, startTime: 0, rssBytes: 0 }
}
