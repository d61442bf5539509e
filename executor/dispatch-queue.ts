/**
 * Dispatched tries that wait for a child, first come, first served, but for a short look ahead: a child that has a bundle
 * loaded takes a try of that bundle first. A try is passed over a bounded number of times.
 */

import { tryKeyText } from '../core/ids.ts'
import type { Dispatch } from '../core/ports/executor.ts'

export interface DispatchQueue {
  readonly size: number
  push(dispatch: Dispatch): void
  /** The first few, in order. */
  peek(count: number): readonly Dispatch[]
  /** Takes the next try that `fits`, preferring one that is `preferred` among the first few. */
  take(fits: (dispatch: Dispatch) => boolean, preferred: (dispatch: Dispatch) => boolean): Dispatch | undefined
  /** Takes a try out; `undefined` when it is not here. */
  remove(key: string): Dispatch | undefined
  has(key: string): boolean
  all(): readonly Dispatch[]
}

const LOOK_AHEAD = 16
const MAX_PASSED_OVER = 16

export function createDispatchQueue(): DispatchQueue {
  interface Entry {
    readonly dispatch: Dispatch
    passedOver: number
  }
  /** In order of arrival; a Map so that any entry leaves in constant time. */
  const entries = new Map<string, Entry>()

  function takeEntry(entry: Entry): Dispatch {
    entries.delete(tryKeyText(entry.dispatch.key))
    return entry.dispatch
  }

  return {
    get size() {
      return entries.size
    },
    push(dispatch) {
      entries.set(tryKeyText(dispatch.key), { dispatch, passedOver: 0 })
    },
    peek(count) {
      const few: Dispatch[] = []
      for (const entry of entries.values()) {
        if (few.length >= count) break
        few.push(entry.dispatch)
      }
      return few
    },
    take(fits, preferred) {
      let fallback: Entry | null = null
      let looked = 0
      for (const entry of entries.values()) {
        if (++looked > LOOK_AHEAD) break
        if (!fits(entry.dispatch)) continue
        if (preferred(entry.dispatch)) {
          if (fallback !== null) fallback.passedOver++
          return takeEntry(entry)
        }
        fallback ??= entry
        if (fallback.passedOver >= MAX_PASSED_OVER) break
      }
      return fallback === null ? undefined : takeEntry(fallback)
    },
    remove(key) {
      const entry = entries.get(key)
      return entry === undefined ? undefined : takeEntry(entry)
    },
    has: (key) => entries.has(key),
    all: () => [...entries.values()].map((entry) => entry.dispatch),
  }
}
