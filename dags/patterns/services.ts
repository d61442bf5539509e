/**
 * Stands for the services that a shop calls over the network. What they did is in a ledger, a file in the folder that tasks
 * may write to: one line of JSON for each effect. Like real ones they take an idempotency key: a call that comes again with
 * the same key changes nothing and gets the first answer, so a task may be repeated.
 *
 * To see how a Dag stands a failure, name services that are down in the variable `services_down`:
 * `tradewind variables set services_down carrier.ship`.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FailError, getClient, getContext } from 'tradewind'

export interface Order {
  readonly orderId: string
  readonly customer: string
  /** In cents: sums stay exact. */
  readonly amount: number
  readonly sku: string
  readonly quantity: number
}

/** A line of the ledger. */
export interface Effect {
  readonly service: string
  readonly key: string
  readonly request: unknown
  readonly answer: unknown
}

export const payments = {
  charge: ({ orderId, amount }: Order) =>
    effect('payments.charge', { orderId, amount }, { paymentId: `pay-${orderId}`, amount }),
  refund: (payment: { paymentId: string; amount: number }) =>
    effect('payments.refund', payment, { refundId: `refund-${payment.paymentId}` }),
}

export const warehouse = {
  reserve: ({ orderId, sku, quantity }: Order) =>
    effect('warehouse.reserve', { orderId, sku, quantity }, { reservationId: `res-${orderId}`, sku, quantity }),
  release: (reservation: { reservationId: string }) => effect('warehouse.release', reservation, { isFree: true }),
  /** Pieces in stock; always the same for the same place. */
  async count(place: string): Promise<number> {
    await mustBeUp('warehouse.count')
    return [...place].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 100
  },
}

export const carrier = {
  ship: (orderId: string, contents: string) =>
    effect('carrier.ship', { orderId, contents }, { shipmentId: `ship-${orderId}` }),
  /** By order: whoever cancels may not know whether there is a shipment. Cancelling what is not there is no error. */
  cancel: (orderId: string) => effect('carrier.cancel', { orderId }, { isCancelled: true }),
}

export const messages = {
  email: (to: string, text: string) => effect('messages.email', { to, text }, { channel: 'email' }),
  sms: (to: string, text: string) => effect('messages.sms', { to, text }, { channel: 'sms' }),
  push: (to: string, text: string) => effect('messages.push', { to, text }, { channel: 'push' }),
}

export const approvals = {
  /** The credit desk approves up to 1,000; what is more it refuses, whoever asks and however often. */
  async ask({ orderId, amount }: Order): Promise<{ approvedBy: string }> {
    if (amount > 1_000_00) throw new FailError(`the credit desk refuses ${amount} cents for the order ${orderId}`)
    return effect('approvals.ask', { orderId, amount }, { approvedBy: 'credit desk' })
  },
}

const RATES: Readonly<Record<string, number>> = { USD: 1.08, GBP: 0.86, JPY: 163.2 }

export const bank = {
  /** Units of the currency for one euro. */
  async rate(currency: string): Promise<number> {
    await mustBeUp('bank.rate')
    const rate = RATES[currency]
    // It will not be known the next time either: no retry can help.
    if (rate === undefined) throw new FailError(`the bank knows no currency "${currency}"`)
    return rate
  },
}

export interface Sale {
  readonly product: string
  readonly cents: number
}

export const till = {
  /** Sales of a day; always the same for the same day. */
  async sales(day: string): Promise<Sale[]> {
    await mustBeUp('till.sales')
    const seed = [...day].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
    return ['lamp', 'chair', 'lamp', 'desk'].map((product, i) => ({
      product,
      cents: ((seed * (i + 3)) % 90) * 100 + 99,
    }))
  },
}

export interface Invoice {
  readonly number: string
  readonly cents: number
}

export const books = {
  async post(invoice: Invoice): Promise<{ entry: string }> {
    if (!Number.isInteger(invoice.cents)) {
      throw new Error(`the invoice ${invoice.number} is over ${invoice.cents} cents, which is no whole number`)
    }
    return effect('books.post', invoice, { entry: `entry-${invoice.number}` })
  },
}

export const loyalty = {
  credit: ({ customer, amount }: Order) =>
    effect('loyalty.credit', { customer, points: Math.floor(amount / 100) }, { points: Math.floor(amount / 100) }),
}

/** What the services did, in order; empty when they did nothing yet. */
export async function readLedger(filesDir: string): Promise<Effect[]> {
  const text = await readFile(join(filesDir, 'services.jsonl'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Effect)
}

/** Does it once for the task that calls, however often that is repeated. */
export async function effect<A>(service: string, request: object, answer: A): Promise<A> {
  await mustBeUp(service)
  const { filesDir, idempotencyKey: key, logger } = getContext()
  const earlier = (await readLedger(filesDir)).find((one) => one.key === key && one.service === service)
  if (earlier !== undefined) {
    logger.info(`${service} had done this before`, { key })
    return earlier.answer as A
  }
  await mkdir(filesDir, { recursive: true })
  await appendFile(join(filesDir, 'services.jsonl'), `${JSON.stringify({ service, key, request, answer })}\n`)
  logger.info(`${service} did it`, { request })
  return answer
}

export async function mustBeUp(service: string): Promise<void> {
  const down = (await getClient().getVariable('services_down')) ?? ''
  if (down.split(',').includes(service)) throw new Error(`${service} does not answer`)
}
