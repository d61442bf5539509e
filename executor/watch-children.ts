/**
 * Looks after the children from outside, a few times a second: memory of the process tree of every running try against
 * its limit, and the sign of life of every child.
 */
import { readFile } from 'node:fs/promises'
import { heartbeatCause, memoryCause } from './cause-texts.ts'
import type { ChildHandle } from './child-contract.ts'
import { PAGE_BYTES } from './page-size.ts'
import { type Census, takeCensus, treeIn } from './process-tree.ts'

const BYTES_PER_MB = 1024 * 1024

export interface WatchOptions {
  readonly children: ReadonlySet<ChildHandle>
  readonly everyMs: number
  readonly beatLostAfterMs: number
}

/** Returns what stops it. */
export function watchChildren(options: WatchOptions): () => void {
  let lastLook = performance.now()
  let measuring = false

  function look(): void {
    const now = performance.now()
    const late = now - lastLook - options.everyMs
    lastLook = now
    // This process itself had no time (or was suspended): beats wait unread, and silence proves nothing.
    if (late > Math.min(1_000, options.beatLostAfterMs / 4)) for (const child of options.children) child.lastBeat = now
    for (const child of options.children) listenTo(child, now)
    if (measuring) return
    measuring = true
    void measureAll().finally(() => {
      measuring = false
    })
  }

  function listenTo(child: ChildHandle, now: number): void {
    if (child.state !== 'busy' && child.state !== 'idle') return
    const silent = now - child.lastBeat
    if (silent <= options.beatLostAfterMs) return
    if (child.running === null) child.end()
    else child.doom(heartbeatCause(silent), 'now')
  }

  async function measureAll(): Promise<void> {
    const families = [...options.children].some((child) => child.state === 'busy' && child.hasProcesses)
    const census = families ? await takeCensus() : null
    for (const child of options.children) {
      const running = child.running
      if (running === null || child.state !== 'busy') continue
      const limit = child.memoryLimitMb * BYTES_PER_MB
      const used = await memoryOf(child, census)
      if (used > limit && child.running === running) child.doom(memoryCause(used, child.memoryLimitMb), 'now')
    }
  }

  const timer = setInterval(look, options.everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** Resident bytes; without /proc what the child's heartbeat said last. */
async function memoryOf(child: ChildHandle, census: Census | null): Promise<number> {
  if (process.platform !== 'linux' || child.tree === null) return child.rssBytes
  if (child.hasProcesses && census !== null) {
    return treeIn(census, child.tree).reduce((sum, facts) => sum + facts.rssBytes, 0)
  }
  try {
    const [, resident] = (await readFile(`/proc/${child.tree.pid}/statm`, 'utf8')).split(' ')
    return Number(resident ?? 0) * PAGE_BYTES
  } catch {
    return 0
  }
}
