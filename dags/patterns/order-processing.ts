/**
 * Order processing: validation, inventory, fulfilment, notification, and what happens when a part of it fails. What has to be
 * done together is a saga: it is undone as one, and the run then goes another way and tells the customer. What the order
 * does not depend on (loyalty points) may fail alone and waits as a dead letter. Either way `close_order` says how it ended.
 */
import { Dag, FailError, getContext } from 'tradewind'
import { carrier, effect, loyalty, messages, type Order, payments, warehouse } from './services.ts'

const dag = new Dag('order_processing', {
  description: 'An order from validation to notification, with what happens when parts of it fail',
  params: { orderId: '1001', customer: 'ada@example.org', amount: 4_990, sku: 'lamp', quantity: 2 },
  correlationId: 'order-{params.orderId}',
  tags: ['pattern'],
})

const order = {
  orderId: dag.param('orderId'),
  customer: dag.param('customer'),
  amount: dag.param('amount'),
  sku: dag.param('sku'),
  quantity: dag.param('quantity'),
}

// --- Validation: both at once. A wrong order is wrong at every try.
const validation = dag.taskGroup('validation')

validation.task('amounts', ({ order }: { order: Order }) => {
  if (order.quantity < 1) throw new FailError(`the order ${order.orderId} is over ${order.quantity} pieces`)
  if (!Number.isInteger(order.amount)) throw new FailError(`${order.amount} is no whole number of cents`)
})({ order })

validation.task('customer', ({ to }: { to: string }) => {
  if (!to.includes('@')) throw new FailError(`"${to}" is no e-mail address`)
})({ to: order.customer })

// --- Fulfilment: all of it or nothing. Payment and packing need the goods and not each other.
const fulfilment = dag.saga('fulfilment', (saga) => {
  const reserve = saga.task('reserve', ({ order }: { order: Order }) => warehouse.reserve(order), {
    compensate: ({ output }) => warehouse.release(output),
  })
  const charge = saga.task('charge', ({ order }: { order: Order }) => payments.charge(order), {
    compensate: ({ output }) => payments.refund(output),
  })
  const pack = saga.task(
    'pack',
    ({ goods }: { goods: { reservationId: string; sku: string; quantity: number } }) =>
      effect('warehouse.pack', goods, { parcel: `${goods.quantity} x ${goods.sku}` }),
    { compensate: ({ output }) => effect('warehouse.unpack', output, { isUnpacked: true }) },
  )
  const ship = saga.task(
    'ship',
    ({ orderId, packed }: { orderId: string; packed: { parcel: string } }) => carrier.ship(orderId, packed.parcel),
    { compensate: { run: ({ input }) => carrier.cancel(input.orderId), alsoWhenFailed: true } },
  )
  const goods = reserve({ order })
  const paid = charge({ order }).after(goods)
  ship({ orderId: order.orderId, packed: pack({ goods }) }).after(paid)
})
fulfilment.after(validation)

// --- Notification: one of the two. Both wait until the saga has settled, so nobody is told what is undone a moment later.
const tell = dag.taskGroup('tell')

const shipped = tell.task('shipped', ({ to, id }: { to: string; id: string }) =>
  messages.email(to, `Your order ${id} is on its way.`),
)({ to: order.customer, id: order.orderId })
shipped.after(fulfilment)

const cancelled = tell.task(
  'cancelled',
  ({ to, id }: { to: string; id: string }) => messages.email(to, `We are sorry: your order ${id} was cancelled.`),
  { triggerRule: 'one_failed' },
)({ to: order.customer, id: order.orderId })
cancelled.after(fulfilment)

// --- Nothing depends on it: what fails is a dead letter, to be redriven when the points are back.
const points = dag.task('credit_points', ({ order }: { order: Order }) => loyalty.credit(order), {
  errorStrategy: 'dead-letter',
})({ order })
points.after(shipped)

/** What did not run is null. As the last task, it decides: an order that was cancelled in good order is no failed run. */
const closeOrder = dag.task(
  'close_order',
  ({ shipped, cancelled, points }: { shipped: object | null; cancelled: object | null; points: object | null }) => {
    if (shipped === null && cancelled === null) throw new FailError('The customer was told nothing.')
    const state = shipped === null ? 'cancelled' : 'shipped'
    getContext().logger.info(`order ${state}`)
    return { state, hasPoints: points !== null }
  },
  { triggerRule: 'all_done' },
)
closeOrder({ shipped, cancelled, points })

export default dag
