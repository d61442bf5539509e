/**
 * Waiting for the answer to a command. Invariant: the row is the truth; NOTIFY only says when to look, and a look now and
 * then finds an answer whose hint was lost. All who wait on one pool share one connection, held only while anybody does.
 */
import { EventEmitter, once } from 'node:events'
import type pg from 'pg'
import type { CommandAnswer } from '../core/records.ts'
import { ANSWER_CHANNEL } from './store/commit-statement.ts'

/** Time between two looks without a hint. */
const LOOK_MS = 250

export interface AnswerRow {
  readonly answer: CommandAnswer
  readonly lastEventId: number
}

/** `null` when there is none after `timeoutMs`. Index: `command` by id. */
export async function waitForAnswer(pool: pg.Pool, commandId: number, timeoutMs: number): Promise<AnswerRow | null> {
  const until = Date.now() + timeoutMs
  const early = await answerOf(pool, commandId)
  if (early !== null || timeoutMs <= 0) return early
  const hints = await listenTo(pool)
  try {
    for (;;) {
      const hinted = waitForHint(hints, commandId, Math.min(LOOK_MS, Math.max(0, until - Date.now())))
      // Looked up after listening began: an answer from before has no hint for us.
      const found = await answerOf(pool, commandId)
      if (found !== null || Date.now() >= until) return found
      await hinted
    }
  } finally {
    await hints.leave()
  }
}

export async function answerOf(pool: pg.Pool, commandId: number): Promise<AnswerRow | null> {
  const result = await pool.query<{ answer: string | null; lastEventId: number }>({
    name: 'answer_of',
    text: 'select answer, last_event_id as "lastEventId" from command where id = $1',
    values: [commandId],
  })
  const row = result.rows[0]
  if (!row) throw new Error(`There is no command ${commandId} in the database; it may have been cleaned up.`)
  return row.answer === null ? null : { answer: JSON.parse(row.answer) as CommandAnswer, lastEventId: row.lastEventId }
}

async function waitForHint(hints: Listening, commandId: number, ms: number): Promise<void> {
  const signal = AbortSignal.timeout(ms)
  await Promise.race([
    once(hints.emitter, String(commandId), { signal }).catch(() => {}),
    once(hints.emitter, '*', { signal }).catch(() => {}),
  ])
}

interface Listening {
  readonly emitter: EventEmitter
  leave(): Promise<void>
}

interface Shared {
  readonly emitter: EventEmitter
  readonly ready: Promise<() => Promise<void>>
  users: number
}

const listeners = new WeakMap<pg.Pool, Shared>()

async function listenTo(pool: pg.Pool): Promise<Listening> {
  let shared = listeners.get(pool)
  if (shared === undefined) {
    const emitter = new EventEmitter()
    emitter.setMaxListeners(0)
    shared = { emitter, ready: startListening(pool, emitter), users: 0 }
    listeners.set(pool, shared)
  }
  const mine = shared
  mine.users++
  const leave = async () => {
    mine.users--
    if (mine.users > 0) return
    if (listeners.get(pool) === mine) listeners.delete(pool)
    const stop = await mine.ready
    await stop()
  }
  await mine.ready
  return { emitter: mine.emitter, leave }
}

/** Without a connection to listen on (the pool is used up, the server is away) looking now and then has to do. */
async function startListening(pool: pg.Pool, emitter: EventEmitter): Promise<() => Promise<void>> {
  const client = await pool.connect().catch(() => null)
  if (client === null) return async () => {}
  let broken: Error | null = null
  const onNotification = ({ payload }: pg.Notification) => {
    for (const id of (payload ?? '').split(',')) emitter.emit(id)
  }
  const onError = (error: Error) => {
    broken = error
  }
  client.on('notification', onNotification)
  client.on('error', onError)
  const stop = async () => {
    if (broken === null) await client.query(`unlisten ${ANSWER_CHANNEL}`).catch(onError)
    client.off('notification', onNotification)
    client.off('error', onError)
    client.release(broken ?? undefined)
  }
  await client.query(`listen ${ANSWER_CHANNEL}`).catch(onError)
  return stop
}
