/** The inbox as callers see it: an answer, a wait, a refusal, and never twice. */
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CommandAnswer, CommandRecord } from '../../core/records.ts'
import { submitCommand } from '../../database/commands.ts'
import { openPool } from '../../database/connect.ts'
import { createPostgresStore, type PostgresStore } from '../../database/store/postgres-store.ts'
import { noWrites } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const pause = (dagId: string) => ({ kind: 'pause', dagId }) as const
const accepted: CommandAnswer = { ok: true, value: '{"done":true}' }

let database: TestDatabase
let store: PostgresStore
beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(async () => {
  await database.pool.query('delete from command')
  store = await createPostgresStore(database.connection)
})
afterEach(() => store.close())
afterAll(() => database.drop())

/** A leader that answers every command in the way of `answer`, as soon as it is hinted at. */
async function answering(answer: (command: CommandRecord) => CommandAnswer | null): Promise<() => Promise<void>> {
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  let last = 0
  let work = Promise.resolve()
  const stop = await store.onHint(() => {
    work = work.then(async () => {
      const commands = await store.commandsAfter(last, 100)
      const answers = commands.flatMap((command) => {
        last = command.id
        const found = answer(command)
        return found === null ? [] : [{ commandId: command.id, answer: found, lastEventId: 7 }]
      })
      await store.commit(epoch, { ...noWrites, answers })
    })
  })
  return async () => {
    await stop()
    await work
    await store.releaseLease(epoch)
  }
}

describe('submitCommand', () => {
  it('says at once that no scheduler leads, and leaves nothing behind', async () => {
    const started = performance.now()
    const result = await submitCommand(database.pool, pause('a'), { actor: 'user:anna', timeoutMs: 5_000 })
    expect(result).toEqual({ status: 'no-leader' })
    expect(performance.now() - started).toBeLessThan(1_000)
    expect((await database.pool.query('select from command')).rowCount).toBe(0)
  })

  it('returns the answer with the event that readers wait for', async () => {
    const stop = await answering(() => accepted)
    const result = await submitCommand(database.pool, pause('a'), { actor: 'user:anna', timeoutMs: 5_000 })
    expect(result).toMatchObject({ status: 'answered', answer: accepted, lastEventId: 7 })
    await stop()
  })

  it('answers many at once over a pool of few connections', async () => {
    const stop = await answering(() => accepted)
    const options = { actor: 'user:anna', timeoutMs: 20_000 }
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => submitCommand(database.pool, pause(`dag_${i}`), options)),
    )
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['answered']))
    await stop()
  })

  it('returns the command when the answer takes too long', async () => {
    const stop = await answering(() => null)
    const result = await submitCommand(database.pool, pause('a'), { actor: 'user:anna', timeoutMs: 50 })
    expect(result).toMatchObject({ status: 'pending', commandId: expect.any(Number) })
    await stop()
  })

  it('gives the same answer to the same idempotency key; a refusal frees the key', async () => {
    let refuse = true
    const stop = await answering(() => (refuse ? { ok: false, code: 'unknown-dag', message: 'no such Dag' } : accepted))
    const submit = () =>
      submitCommand(database.pool, pause('a'), { actor: 'user:anna', timeoutMs: 5_000, idempotencyKey: 'once' })
    expect(await submit()).toMatchObject({ answer: { ok: false } })
    refuse = false
    const first = await submit()
    expect(first).toMatchObject({ answer: accepted })
    expect(await submit()).toEqual(first)
    expect((await database.pool.query('select from command')).rowCount).toBe(2)
    await stop()
    // Even without a leader: it has been answered.
    expect(await submit()).toEqual(first)
  })

  it('keeps actor, time limit and request', async () => {
    const seen: CommandRecord[] = []
    const stop = await answering((command) => {
      seen.push(command)
      return accepted
    })
    const request = { kind: 'trigger', dagId: 'ü', conf: '{"a":1}', logicalDate: 5 } as const
    await submitCommand(database.pool, request, { actor: 'user:anna', timeoutMs: 5_000, notAfter: 1_800_000_000_000 })
    expect(seen).toMatchObject([{ request, actor: 'user:anna', notAfter: 1_800_000_000_000 }])
    await stop()
  })

  it('takes no more than 10,000 open ones', async () => {
    const stop = await answering(() => null)
    await database.pool.query(
      `insert into command (request, actor, created_at)
       select '{"kind":"pause","dagId":"a"}', 'user:anna', now() from generate_series(1, 10000)`,
    )
    const result = await submitCommand(database.pool, pause('a'), { actor: 'user:anna', timeoutMs: 50 })
    expect(result).toEqual({ status: 'full' })
    await stop()
  })

  it('a slow insert never hides a command below the cursor of the leader', async () => {
    const { epoch } = (await store.acquireLease('host-a:1:1'))!
    const slow = openPool(database.connection, { name: 'tradewind slow', max: 1 })
    const client = await slow.connect()
    await client.query('begin')
    const options = { actor: 'user:anna', timeoutMs: 0 }
    // In an open transaction the lock of the inbox is kept: whoever comes later gets a higher id and waits.
    const asPool = { query: client.query.bind(client) } as unknown as pg.Pool
    const first = await submitCommand(asPool, pause('first'), options)
    const second = submitCommand(database.pool, pause('second'), options)
    const waiting = "select from pg_locks where locktype = 'advisory' and not granted"
    const until = Date.now() + 5_000
    while ((await client.query(waiting)).rowCount === 0) expect(Date.now()).toBeLessThan(until)
    expect(await store.commandsAfter(0, 10)).toEqual([])
    await client.query('commit')
    await second
    expect((await store.commandsAfter(0, 10)).map((one) => one.request)).toEqual([pause('first'), pause('second')])
    expect(first).toMatchObject({ status: 'pending' })
    client.release()
    await slow.end()
    await store.releaseLease(epoch)
  })
})
