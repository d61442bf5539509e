/**
 * The order example to the letter, with real processes and a shop that has a database: reserve, charge, ship, confirm, and
 * their undoing, failing and killed before and after each effect and around the commit of each result.
 */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/test-database.ts'
import { checkNothingLeft } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'
import { DatabaseProxy } from './database-proxy.ts'
import { CHILD_CASES, commitCases, PROGRAM_CASES } from './order-saga-cases.ts'
import { Shop } from './order-saga-shop.ts'

const FAULTY = fileURLToPath(new URL('./order-saga-faulty-program.ts', import.meta.url))

/** Short waits between tries; and one that stands still is not late before it is killed. */
const SETTINGS = {
  TRADEWIND_TASKS_RETRY_DELAY: '50ms',
  TRADEWIND_TIMEOUT_DEFAULT: '5min',
  TRADEWIND_SCHEDULER_MAX_ACTIVE_RUNS: '100',
}

async function inShop(work: (place: CrashPlace, shop: Shop) => Promise<void>): Promise<void> {
  const database = await createTestDatabase()
  const books = await createTestDatabase('empty')
  // By TCP: tasks run as another user, who does not get at the socket of the server.
  const proxy = await DatabaseProxy.start(books.connection)
  const place = await CrashPlace.make({ database: database.connection })
  await place.use(async () => {
    const shop = await Shop.open(place, books, proxy.connection)
    await work(place, shop)
    await checkNothingLeft(place)
  })
  await proxy.close()
  await database.drop()
  await books.drop()
}

async function untilLive(place: CrashPlace): Promise<void> {
  await place.until("select 1 from dag where dag_id = 'order_saga'", (rows) => rows.length === 1)
}

test(`${CHILD_CASES.length} orders whose tasks and compensations fail, for once or for good, or are killed with their process`, () =>
  inShop(async (place, shop) => {
    const program = await place.start('data', { ...SETTINGS, TRADEWIND_SCHEDULER_PARALLELISM: '6' })
    await untilLive(place)
    await shop.order(CHILD_CASES)
    await place.untilRunsEnded('order_saga', CHILD_CASES.length, 120_000)
    await shop.check()
    await program.stop()
  }))

test(`the whole program by SIGKILL while ${PROGRAM_CASES.length} orders are each at their own moment`, () =>
  inShop(async (place, shop) => {
    const slots = { ...SETTINGS, TRADEWIND_SCHEDULER_PARALLELISM: String(PROGRAM_CASES.length + 2) }
    const victim = await place.start('data', slots)
    await untilLive(place)
    await shop.order(PROGRAM_CASES)
    await shop.untilParked(PROGRAM_CASES)
    // The program alone, not its group: its children notice by themselves.
    victim.process.kill('SIGKILL')
    await victim.ended
    await checkNothingLeft(place)
    const next = await place.start('data', slots)
    await place.untilRunsEnded('order_saga', PROGRAM_CASES.length, 120_000)
    await shop.check()
    await next.stop()
  }))

test('the scheduler by SIGKILL around the commit that takes the result of every call', () =>
  inShop(async (place, shop) => {
    let orders = 0
    for (const where of ['before', 'while', 'after'] as const) {
      const cases = commitCases(where)
      orders += cases.length
      const results = cases.map(({ orderId, resultOf }) => ({ runId: orderId, ...resultOf }))
      const args = [FAULTY, where, JSON.stringify(results)]
      const victim = place.launch('data', SETTINGS, { args, ready: /Ready$/ })
      const end = once(victim.process, 'exit')
      await victim.ready
      await untilLive(place)
      await shop.order(cases)
      await victim.line(/all \d+ results are there/)
      expect(await end).toEqual([null, 'SIGKILL'])
      // The next one to be killed takes over what this one left.
    }
    const next = await place.start('data', SETTINGS)
    await place.untilRunsEnded('order_saga', orders, 120_000)
    await shop.check()
    await next.stop()
  }))
