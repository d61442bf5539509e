/**
 * Saga: several services, no common transaction. Each task says how it is undone; when one fails for good, what was done is
 * undone in reverse order before the run fails. A failed shipment is cancelled, too (`alsoWhenFailed`): nobody knows how far
 * the carrier got. The plan is in the database, so a crash at any moment goes on from there, and each call carries a key
 * that is the same on every repeat.
 */
import { Dag } from 'tradewind'
import { carrier, messages, type Order, payments, warehouse } from './services.ts'

const dag = new Dag('order_saga', {
  description: 'Reserve, charge, ship, confirm; undone in reverse order when one of them fails',
  params: { orderId: '1001', customer: 'ada@example.org', amount: 4_990, sku: 'lamp', quantity: 2 },
  // «Why did order 1001 get stuck?» is answered by `tradewind why order-1001`.
  correlationId: 'order-{params.orderId}',
  tags: ['pattern'],
})

const reserveInventory = dag.task('reserve_inventory', ({ order }: { order: Order }) => warehouse.reserve(order), {
  compensate: ({ output }) => warehouse.release(output),
})

const chargePayment = dag.task('charge_payment', ({ order }: { order: Order }) => payments.charge(order), {
  // Money is worth more patience than the rest.
  compensate: { run: ({ output }) => payments.refund(output), retries: 10 },
})

const createShipment = dag.task(
  'create_shipment',
  ({ orderId, goods }: { orderId: string; goods: { sku: string; quantity: number } }) =>
    carrier.ship(orderId, `${goods.quantity} x ${goods.sku}`),
  // There may be no output: it asks by what the task was given.
  { compensate: { run: ({ input }) => carrier.cancel(input.orderId), alsoWhenFailed: true } },
)

const sendConfirmation = dag.task(
  'send_confirmation',
  ({ to, shipment }: { to: string; shipment: { shipmentId: string } }) =>
    messages.email(to, `Your order is on its way: ${shipment.shipmentId}.`),
)

const order = {
  orderId: dag.param('orderId'),
  customer: dag.param('customer'),
  amount: dag.param('amount'),
  sku: dag.param('sku'),
  quantity: dag.param('quantity'),
}
const goods = reserveInventory({ order })
const payment = chargePayment({ order }).after(goods)
const shipment = createShipment({ orderId: order.orderId, goods }).after(payment)
sendConfirmation({ to: order.customer, shipment })

export default dag
