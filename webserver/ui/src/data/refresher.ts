/** Reads queries again when told to, each at once the first time, then at most every so often while more is told. */
import type { QueryClient, QueryKey } from '@tanstack/react-query'

export class Refresher {
  readonly #client: QueryClient
  readonly #timers = new Map<string, { hasMore: boolean; readonly id: number }>()

  constructor(client: QueryClient) {
    this.#client = client
  }

  refresh(queryKey: QueryKey, everyMs: number): void {
    const name = JSON.stringify(queryKey)
    const waiting = this.#timers.get(name)
    if (waiting !== undefined) {
      waiting.hasMore = true
      return
    }
    void this.#client.invalidateQueries({ queryKey }, { cancelRefetch: false })
    const id = window.setTimeout(() => {
      const hasMore = this.#timers.get(name)?.hasMore === true
      this.#timers.delete(name)
      if (hasMore) this.refresh(queryKey, everyMs)
    }, everyMs)
    this.#timers.set(name, { hasMore: false, id })
  }

  stop(): void {
    for (const { id } of this.#timers.values()) window.clearTimeout(id)
    this.#timers.clear()
  }
}
