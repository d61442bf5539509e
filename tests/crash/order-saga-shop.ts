/** The shop of the order tests: its database, what is planned for its orders, and what must be in its books in the end. */
import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import type { TestDatabase } from '../support/test-database.ts'
import type { CrashPlace } from './crash-place.ts'
import { BACKWARD, type OrderCase } from './order-saga-cases.ts'

const STOCK = 1_000
const QUANTITY = 2
const AMOUNT = 4_990

const SCHEMA = `
create table stock (sku text primary key, free int not null check (free >= 0));
create table reservation (order_id text primary key, quantity int not null, state text not null default 'held');
create table payment (order_id text primary key, charged int not null, refunded int not null default 0);
create table shipment (order_id text primary key, contents text not null, state text not null default 'made');
create table mail (order_id text primary key, receiver text not null);
create table effect (seq bigserial primary key, key text not null unique, service text not null, order_id text not null);
create table call (seq bigserial primary key, key text not null, service text not null, order_id text not null, try_number int not null);
create table plan (order_id text, service text, moment text, action text not null, times int not null,
  primary key (order_id, service, moment));
create table parked (order_id text primary key, service text not null, moment text not null);
insert into stock values ('lamp', ${STOCK})`

const PATTERN = fileURLToPath(new URL('../../dags/patterns/saga.ts', import.meta.url))
const SERVICES = fileURLToPath(new URL('./fixtures/order-saga-services.ts', import.meta.url))

export class Shop {
  readonly #place: CrashPlace
  readonly #database: TestDatabase
  readonly #orders: OrderCase[] = []

  private constructor(place: CrashPlace, database: TestDatabase) {
    this.#place = place
    this.#database = database
  }

  /** The Dag of the patterns, to the letter, with services that have a database, which tasks find at `reached`. */
  static async open(place: CrashPlace, database: TestDatabase, reached: pg.ClientConfig): Promise<Shop> {
    await database.pool.query(SCHEMA)
    const { dags } = place.place
    await writeFile(join(dags, 'shop-database.json'), JSON.stringify(reached))
    await copyFile(SERVICES, join(dags, 'services.ts'))
    await copyFile(PATTERN, join(dags, 'saga.ts'))
    return new Shop(place, database)
  }

  async order(cases: readonly OrderCase[]): Promise<void> {
    for (const one of cases) {
      this.#orders.push(one)
      for (const { service, moment, action } of one.plan) {
        // What fails for good does so in every try: one whose result was lost is repeated.
        const times = action === 'fail' ? 100 : 1
        const insert = 'insert into plan (order_id, service, moment, action, times) values ($1, $2, $3, $4, $5)'
        await this.#database.pool.query(insert, [one.orderId, service, moment, action, times])
      }
    }
    for (const { orderId } of cases) {
      const conf = JSON.stringify({ orderId, quantity: QUANTITY, amount: AMOUNT })
      await this.#place.ask({ kind: 'trigger', dagId: 'order_saga', runId: orderId, conf })
    }
  }

  async untilParked(cases: readonly OrderCase[], limitMs = 120_000): Promise<void> {
    const until = performance.now() + limitMs
    for (;;) {
      const { rows } = await this.#database.pool.query<{ order_id: string }>('select order_id from parked')
      const there = new Set(rows.map((row) => row.order_id))
      const missing = cases.filter(({ orderId }) => !there.has(orderId)).map(({ orderId }) => orderId)
      if (missing.length === 0) return
      if (performance.now() > until) throw new Error(`never got to their moments: ${missing.join(', ')}`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  /** Every order, and the books as a whole. */
  async check(): Promise<void> {
    const { pool } = this.#database
    const effects = await pool.query<{ key: string; service: string; order_id: string }>(
      'select key, service, order_id from effect order by seq',
    )
    const calls = await pool.query<{ key: string; service: string; order_id: string }>(
      'select distinct key, service, order_id from call',
    )
    for (const order of this.#orders) {
      const services = effects.rows.filter((row) => row.order_id === order.orderId).map((row) => row.service)
      assert.deepEqual(services, order.effects, `effects of the order ${order.orderId}`)
      await this.#checkRun(order)
    }
    assert.equal(
      effects.rows.length,
      this.#orders.reduce((sum, order) => sum + order.effects.length, 0),
    )
    // However often a service was called for an order, it was by one key; and no two have the same.
    const named = calls.rows.map((row) => `${row.service} ${row.order_id}`)
    assert.equal(new Set(named).size, named.length, 'a service was called with two keys for one order')
    assert.equal(new Set(calls.rows.map((row) => row.key)).size, calls.rows.length, 'two calls have the same key')
    await this.#checkBooks()
  }

  async #checkRun({ orderId, effects, notUndone }: OrderCase): Promise<void> {
    const isShipped = effects.at(-1) === 'messages.email'
    const rows = await this.#place.query<{ run: string; task: string; ti: string; rows: string | null }>(
      `select r.state as run, t.task_id as task, t.state as ti,
         (select string_agg(c.state, ' ') from compensation c where c.ti_id = t.id) as rows
       from task_instance t join dag_run r on r.id = t.dag_run_id
       where r.dag_id = 'order_saga' and r.run_id = '${orderId}' order by t.id`,
    )
    assert.equal(rows.length, 4, orderId)
    for (const { run, task, ti, rows: compensations } of rows) {
      const about = `${task} of the order ${orderId}`
      assert.equal(run, isShipped ? 'success' : 'failed', orderId)
      if (isShipped) assert.deepEqual([ti, compensations], ['success', null], about)
      else if (notUndone.includes(task)) assert.deepEqual([ti, compensations], ['compensation_failed', ti], about)
      else if (ti === 'compensated') assert.equal(compensations, 'compensated', about)
      else assert.deepEqual([['failed', 'upstream_failed'].includes(ti), compensations], [true, null], about)
    }
    // One compensation for each effect that undoes something, and one for each that could not.
    const undone = effects.filter((service) => BACKWARD.some((one) => one === service)).length
    assert.equal(rows.filter((row) => row.ti === 'compensated').length, undone, orderId)
  }

  async #checkBooks(): Promise<void> {
    const held = this.#orders.filter(
      ({ effects }) => effects.includes('warehouse.reserve') && !effects.includes('warehouse.release'),
    ).length
    const { rows } = await this.#database.pool.query<{
      free: number
      held: number
      wrong: number
      paid: number
      sent: number
    }>(
      `select (select free from stock) as free,
         (select coalesce(sum(quantity), 0)::int from reservation where state = 'held') as held,
         (select count(*)::int from payment where refunded not in (0, charged)) as wrong,
         (select coalesce(sum(charged - refunded), 0)::int from payment) as paid,
         (select count(*)::int from shipment where state = 'made') as sent`,
    )
    const count = (done: string, undone: string) =>
      this.#orders.filter(({ effects }) => {
        const services: readonly string[] = effects
        return services.includes(done) && !services.includes(undone)
      }).length
    assert.deepEqual(rows[0], {
      free: STOCK - held * QUANTITY,
      held: held * QUANTITY,
      wrong: 0,
      paid: count('payments.charge', 'payments.refund') * AMOUNT,
      sent: count('carrier.ship', 'carrier.cancel'),
    })
  }
}
