/**
 * Sequential: every task needs what the one before it did. An order is paid, then its goods are reserved, then they are
 * shipped; a task that fails for good keeps all behind it from running.
 */
import { Dag } from 'tradewind'
import { carrier, type Order, payments, warehouse } from './services.ts'

const dag = new Dag('pay_reserve_ship', {
  description: 'Payment, inventory and shipping of one order, one after another',
  params: { orderId: '1001', customer: 'ada@example.org', amount: 4_990, sku: 'lamp', quantity: 2 },
  tags: ['pattern'],
})

const chargePayment = dag.task('charge_payment', ({ order }: { order: Order }) => payments.charge(order))

const reserveInventory = dag.task('reserve_inventory', ({ order }: { order: Order }) => warehouse.reserve(order))

const shipOrder = dag.task(
  'ship_order',
  ({ order, goods }: { order: Order; goods: { sku: string; quantity: number } }) =>
    carrier.ship(order.orderId, `${goods.quantity} x ${goods.sku}`),
)

const order = {
  orderId: dag.param('orderId'),
  customer: dag.param('customer'),
  amount: dag.param('amount'),
  sku: dag.param('sku'),
  quantity: dag.param('quantity'),
}
const payment = chargePayment({ order })
// It needs the payment to be there, not its data: an edge for the order alone.
const goods = reserveInventory({ order }).after(payment)
shipOrder({ order, goods })

export default dag
