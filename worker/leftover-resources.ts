/**
 * What a try left open: timers, sockets, servers, file operations that still keep the event loop alive. Told by comparing
 * the kinds of active resources before and after; what is on its way out anyway gets a moment. Resources that were
 * `unref`ed are not seen: they hold nothing up, and what they do later is attributed by AsyncLocalStorage.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'

export type ResourceCount = ReadonlyMap<string, number>

/** Waited for in turn, in ms, while something is left; a clean try waits for nothing. */
const GRACE_MS = [0, 0, 5, 20, 50]

export function countResources(): ResourceCount {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** For people: `Timeout (2), TCPServerWrap`; empty when nothing is left. At once when the try is clean. */
export function findLeftovers(before: ResourceCount): string[] | Promise<string[]> {
  const left = moreThan(before)
  return left.length === 0 ? left : waitForThem(before)
}

async function waitForThem(before: ResourceCount): Promise<string[]> {
  for (const ms of GRACE_MS) {
    await (ms === 0 ? nextTurn() : delay(ms))
    const left = moreThan(before)
    if (left.length === 0) return left
  }
  return moreThan(before)
}

function moreThan(before: ResourceCount): string[] {
  const left: string[] = []
  for (const [kind, count] of countResources()) {
    const more = count - (before.get(kind) ?? 0)
    if (more > 0) left.push(more === 1 ? kind : `${kind} (${more})`)
  }
  return left
}
