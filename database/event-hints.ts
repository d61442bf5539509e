/**
 * Tells when events were committed: one connection of a pool that listens, opened again when it breaks. Hints can be lost
 * while it is away, so after every (re)connect one is given without being asked.
 */
import type pg from 'pg'
import { EVENT_CHANNEL } from './store/commit-statement.ts'

const RETRY_MS = 500

/** `onHint` gets the last event id, or `null` when it is not known. What it returns ends it. */
export function listenForEvents(pool: pg.Pool, onHint: (lastEventId: number | null) => void): () => Promise<void> {
  let client: pg.PoolClient | null = null
  let timer: NodeJS.Timeout | null = null
  let isClosed = false

  function lost(which: pg.PoolClient): void {
    if (client !== which) return
    client = null
    which.release(true)
    later()
  }

  function later(): void {
    if (isClosed) return
    timer = setTimeout(() => void connect(), RETRY_MS)
  }

  async function connect(): Promise<void> {
    try {
      const opened = await pool.connect()
      if (isClosed) return opened.release(true)
      client = opened
      opened.on('error', () => lost(opened))
      opened.on('end', () => lost(opened))
      opened.on('notification', ({ payload }) => onHint(Number(payload) || null))
      await opened.query(`listen ${EVENT_CHANNEL}`)
      onHint(null)
    } catch {
      if (client !== null) lost(client)
      else later()
    }
  }

  let connecting = connect()
  return async () => {
    isClosed = true
    if (timer !== null) clearTimeout(timer)
    await connecting
    connecting = Promise.resolve()
    // Closed, not given back: it would go on listening.
    const open = client
    client = null
    open?.release(true)
  }
}
