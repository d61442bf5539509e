/**
 * Dispatched tries that wait for a child: the highest priority first, of equals first come, first served, but for a short
 * look ahead: a child that has a bundle loaded takes a try of that bundle first. A try is passed over a bounded number of
 * times.
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

interface Entry {
  readonly dispatch: Dispatch
  passedOver: number
}

/** Of one priority, in order of arrival; a Map so that any entry leaves in constant time. */
type Lane = Map<string, Entry>

export function createDispatchQueue(): DispatchQueue {
  const lanes = new Map<number, Lane>()
  /** Priorities that have a lane, highest first. Few: those of the tasks that wait now. */
  let order: number[] = []
  /** Which priority a try waits with. */
  const priorities = new Map<string, number>()

  function laneOf(priority: number): Lane {
    let lane = lanes.get(priority)
    if (lane === undefined) {
      lane = new Map()
      lanes.set(priority, lane)
      order = [...lanes.keys()].sort((a, b) => b - a)
    }
    return lane
  }

  function* inOrder(): IterableIterator<Entry> {
    for (const priority of order) yield* lanes.get(priority)!.values()
  }

  function takeEntry({ dispatch }: Entry): Dispatch {
    const key = tryKeyText(dispatch.key)
    const lane = lanes.get(dispatch.priority)
    priorities.delete(key)
    lane?.delete(key)
    if (lane?.size === 0) {
      lanes.delete(dispatch.priority)
      order = order.filter((priority) => priority !== dispatch.priority)
    }
    return dispatch
  }

  return {
    get size() {
      return priorities.size
    },
    push(dispatch) {
      const key = tryKeyText(dispatch.key)
      priorities.set(key, dispatch.priority)
      laneOf(dispatch.priority).set(key, { dispatch, passedOver: 0 })
    },
    peek(count) {
      const few: Dispatch[] = []
      for (const entry of inOrder()) {
        if (few.length >= count) break
        few.push(entry.dispatch)
      }
      return few
    },
    take(fits, preferred) {
      let fallback: Entry | null = null
      let looked = 0
      for (const entry of inOrder()) {
        if (++looked > LOOK_AHEAD) break
        // A bundle that is loaded already is no reason to let a lower priority pass.
        if (fallback !== null && entry.dispatch.priority !== fallback.dispatch.priority) break
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
      const entry = lanes.get(priorities.get(key) ?? Number.NaN)?.get(key)
      return entry === undefined ? undefined : takeEntry(entry)
    },
    has: (key) => priorities.has(key),
    all: () => [...inOrder()].map((entry) => entry.dispatch),
  }
}
