/**
 * The orders of the crash tests: each goes wrong in one way, at one moment of one call. What has to be there in the end follows
 * from what failed for good; kills and passing failures change nothing.
 */

export const FORWARD = ['warehouse.reserve', 'payments.charge', 'carrier.ship', 'messages.email'] as const
export const BACKWARD = ['carrier.cancel', 'payments.refund', 'warehouse.release'] as const
const SERVICES = [...FORWARD, ...BACKWARD]
type Service = (typeof SERVICES)[number]

export const TASK_OF: Readonly<Record<Service, string>> = {
  'warehouse.reserve': 'reserve_inventory',
  'warehouse.release': 'reserve_inventory',
  'payments.charge': 'charge_payment',
  'payments.refund': 'charge_payment',
  'carrier.ship': 'create_shipment',
  'carrier.cancel': 'create_shipment',
  'messages.email': 'send_confirmation',
}

type Moment = 'before' | 'after'

export interface Planned {
  readonly service: Service
  readonly moment: Moment
  /** `throw`: fails, and is tried again. `fail`: for good. `kill`: its own process. `park`: stands still until it is killed. */
  readonly action: 'throw' | 'fail' | 'kill' | 'park'
}

export interface OrderCase {
  readonly orderId: string
  readonly plan: readonly Planned[]
  /** Services in the order of their effects. */
  readonly effects: readonly Service[]
  /** Tasks whose compensation fails for good. */
  readonly notUndone: readonly string[]
}

/** Makes the shipment fail, so that all is undone. */
const CAUSE: Planned = { service: 'carrier.ship', moment: 'before', action: 'fail' }

function orderCase(orderId: string, plan: readonly Planned[]): OrderCase {
  const failed = plan.filter((one) => one.action === 'fail')
  const forward = failed.find((one) => FORWARD.some((service) => service === one.service))
  if (forward === undefined) return { orderId, plan, effects: FORWARD, notUndone: [] }
  const at = FORWARD.findIndex((service) => service === forward.service)
  const done = FORWARD.slice(0, forward.moment === 'after' ? at + 1 : at)
  const undone = failed.find((one) => BACKWARD.some((service) => service === one.service))
  // The shipment is cancelled also when it failed; of the others only what succeeded is undone.
  const toUndo = BACKWARD.slice(at >= 2 ? 0 : BACKWARD.length - at)
  const effects = [...done, ...toUndo.filter((service) => service !== undone?.service)]
  return { orderId, plan, effects, notUndone: undone === undefined ? [] : [TASK_OF[undone.service]] }
}

function named(action: Planned['action'], service: Service, moment: Moment): string {
  return [action, service.replace('.', '-'), moment].join('-')
}

/** Every call, forward and backward, at both moments. */
function everywhere(action: Planned['action']): OrderCase[] {
  return SERVICES.flatMap((service) =>
    (['before', 'after'] as const).map((moment) => {
      const planned = { service, moment, action }
      const isBackward = BACKWARD.some((one) => one === service)
      return orderCase(named(action, service, moment), isBackward ? [CAUSE, planned] : [planned])
    }),
  )
}

/** In their own child: a failure that passes, a kill of the child, a failure for good. */
export const CHILD_CASES: readonly OrderCase[] = [
  ...everywhere('throw'),
  ...everywhere('kill'),
  // An author who wants it undone also where it failed after its effect says so; here the shipment alone does.
  ...(['warehouse.reserve', 'payments.charge', 'carrier.ship', 'messages.email'] as const).map((service) =>
    orderCase(named('fail', service, 'before'), [{ service, moment: 'before', action: 'fail' }]),
  ),
  ...(['carrier.ship', 'messages.email'] as const).map((service) =>
    orderCase(named('fail', service, 'after'), [{ service, moment: 'after', action: 'fail' }]),
  ),
  ...BACKWARD.map((service) =>
    orderCase(named('fail', service, 'before'), [CAUSE, { service, moment: 'before', action: 'fail' }]),
  ),
]

/** The whole program is killed while every one of them stands still at its own moment. */
export const PROGRAM_CASES: readonly OrderCase[] = everywhere('park')

/** The results of these calls are taken by one commit, around which the scheduler is killed. */
export interface CommitCase extends OrderCase {
  readonly resultOf: { readonly taskId: string; readonly kind: 'task' | 'compensation' }
}

export function commitCases(name: string): readonly CommitCase[] {
  const cases = SERVICES.map((service): CommitCase => {
    const isBackward = BACKWARD.some((one) => one === service)
    const order = orderCase(`${name}-${service.replace('.', '-')}`, isBackward ? [CAUSE] : [])
    return { ...order, resultOf: { taskId: TASK_OF[service], kind: isBackward ? 'compensation' : 'task' } }
  })
  // The failure by which the plan of a compensation is made.
  const failure = orderCase(`${name}-failure`, [CAUSE])
  return [...cases, { ...failure, resultOf: { taskId: TASK_OF['carrier.ship'], kind: 'task' } }]
}
