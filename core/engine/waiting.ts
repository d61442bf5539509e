/**
 * Ready TIs that a limit refused, kept in order in one list per refusing limit, so that a freed unit wakes only the list
 * that waits for it. `decide` reads heads and notes what it took; `apply` is the only one that changes the lists.
 */

/** A ready TI in its place in the queue. */
export interface ReadyTi {
  readonly dagRunId: number
  readonly index: number
  /** To which the index belongs: a run may be moved to another one. */
  readonly versionId: number
  /** Effective priority weight: higher goes first. */
  readonly priority: number
  /**
   * Then the run that began first. Not the one with the earlier date: a backlog of old dates, caught up with a few runs at
   * a time, would keep every other Dag waiting until its end.
   */
  readonly runStart: number
  /** The try before which it became ready: tells a stale entry from a live one. */
  readonly tryNumber: number
}

/** Priority first, then the run that began first, then the order of tasks. Total: two entries never compare equal. */
export function compareReady(a: ReadyTi, b: ReadyTi): number {
  return b.priority - a.priority || a.runStart - b.runStart || a.dagRunId - b.dagRunId || a.index - b.index
}

interface List {
  entries: ReadyTi[]
  head: number
}

export class Waiting {
  readonly #lists = new Map<string, List>()

  /** Entry number `offset` behind the head of a limit's list. */
  peek(key: string, offset: number): ReadyTi | undefined {
    const list = this.#lists.get(key)
    return list?.entries[list.head + offset]
  }

  /** Entries of all lists. */
  get size(): number {
    let size = 0
    for (const list of this.#lists.values()) size += list.entries.length - list.head
    return size
  }

  *keys(): IterableIterator<string> {
    yield* this.#lists.keys()
  }

  *all(): IterableIterator<[string, ReadyTi]> {
    for (const [key, list] of this.#lists) {
      for (let i = list.head; i < list.entries.length; i++) yield [key, list.entries[i]!]
    }
  }

  /** Drops the first `taken` entries of a list and merges `added` into it. */
  change(key: string, taken: number, added: ReadyTi[]): void {
    let list = this.#lists.get(key)
    if (list === undefined) {
      list = { entries: [], head: 0 }
      this.#lists.set(key, list)
    }
    list.head += taken
    if (added.length > 0) this.#merge(list, added)
    if (list.head >= list.entries.length) this.#lists.delete(key)
    else if (list.head > 1024 && list.head * 2 > list.entries.length) {
      list.entries = list.entries.slice(list.head)
      list.head = 0
    }
  }

  /** Forgets a list whose limit is gone (its run has ended). */
  drop(key: string): void {
    this.#lists.delete(key)
  }

  /** Forgets these entries, in whatever list: their runs were ended or moved to another version while they waited. */
  forget(isOver: (entry: ReadyTi) => boolean): void {
    for (const [key, list] of this.#lists) {
      const entries = list.entries.slice(list.head).filter((entry) => !isOver(entry))
      if (entries.length === 0) this.#lists.delete(key)
      else this.#lists.set(key, { entries, head: 0 })
    }
  }

  #merge(list: List, added: ReadyTi[]): void {
    added.sort(compareReady)
    const last = list.entries.at(-1)
    if (last === undefined || list.head >= list.entries.length || compareReady(last, added[0]!) < 0) {
      for (const entry of added) list.entries.push(entry)
      return
    }
    if (added.length <= 4) {
      for (const entry of added) insertSorted(list, entry)
      return
    }
    const old = list.entries
    const merged: ReadyTi[] = []
    let i = list.head
    let j = 0
    while (i < old.length && j < added.length) {
      merged.push(compareReady(old[i]!, added[j]!) < 0 ? old[i++]! : added[j++]!)
    }
    while (i < old.length) merged.push(old[i++]!)
    while (j < added.length) merged.push(added[j++]!)
    list.entries = merged
    list.head = 0
  }
}

function insertSorted(list: List, entry: ReadyTi): void {
  let low = list.head
  let high = list.entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareReady(list.entries[middle]!, entry) < 0) low = middle + 1
    else high = middle
  }
  list.entries.splice(low, 0, entry)
}
