/**
 * Conditional: an order of more than 100 needs approval, all others go straight through. One side of the `if` runs, the other
 * is skipped, and `place_order` follows whichever side it was.
 */
import { Dag } from 'tradewind'
import { approvals, effect, type Order } from './services.ts'

type Approval = { approvedBy: string }

const LIMIT_CENTS = 100_00

const dag = new Dag('order_approval', {
  description: 'Orders of more than 100 need approval',
  params: { orderId: '1001', customer: 'ada@example.org', amount: 150_00, sku: 'lamp', quantity: 2 },
  tags: ['pattern'],
})

const order = {
  orderId: dag.param('orderId'),
  customer: dag.param('customer'),
  amount: dag.param('amount'),
  sku: dag.param('sku'),
  quantity: dag.param('quantity'),
}

const approve = dag.task('approve', ({ order }: { order: Order }) => approvals.ask(order))({ order })

const waveThrough = dag.task('wave_through', (): Approval => ({ approvedBy: 'rule' }))()

dag
  .if(({ amount }: { amount: number }) => amount > LIMIT_CENTS, { amount: order.amount }, { taskId: 'needs_approval' })
  .then(approve)
  .else(waveThrough)

const placeOrder = dag.task(
  'place_order',
  ({ order, approval, rule }: { order: Order; approval: Approval | null; rule: Approval | null }) => {
    // The side that was skipped is null.
    const by = approval?.approvedBy ?? rule?.approvedBy
    return effect('shop.place', { orderId: order.orderId, approvedBy: by }, { isPlaced: true, by })
  },
  { triggerRule: 'none_failed_min_one_success' },
)
placeOrder({ order, approval: approve, rule: waveThrough })

export default dag
