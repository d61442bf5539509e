/** The patterns of `dags/patterns/`, and how each goes wrong when services it needs are down. */
import conditional from '../../dags/patterns/conditional.ts'
import deadLetter from '../../dags/patterns/dead-letter.ts'
import fanOutFanIn from '../../dags/patterns/fan-out-fan-in.ts'
import orderProcessing from '../../dags/patterns/order-processing.ts'
import parallel from '../../dags/patterns/parallel.ts'
import retry from '../../dags/patterns/retry.ts'
import saga from '../../dags/patterns/saga.ts'
import scheduled from '../../dags/patterns/scheduled.ts'
import sequential from '../../dags/patterns/sequential.ts'

export interface Pattern {
  /** Of its file, and for `tradewind init --pattern`. */
  readonly name: string
  readonly dag: { readonly dagId: string }
  readonly goesWrong: { readonly servicesDown: string; readonly state: 'success' | 'failed' } | null
}

/** In the order of docs/patterns.md. */
export const PATTERNS: readonly Pattern[] = [
  { name: 'sequential', dag: sequential, goesWrong: { servicesDown: 'warehouse.reserve', state: 'failed' } },
  { name: 'parallel', dag: parallel, goesWrong: { servicesDown: 'messages.sms', state: 'success' } },
  { name: 'fan-out-fan-in', dag: fanOutFanIn, goesWrong: null },
  { name: 'conditional', dag: conditional, goesWrong: { servicesDown: 'approvals.ask', state: 'failed' } },
  { name: 'scheduled', dag: scheduled, goesWrong: null },
  { name: 'retry', dag: retry, goesWrong: null },
  { name: 'saga', dag: saga, goesWrong: { servicesDown: 'carrier.ship', state: 'failed' } },
  { name: 'dead-letter', dag: deadLetter, goesWrong: { servicesDown: 'books.post', state: 'failed' } },
  { name: 'order-processing', dag: orderProcessing, goesWrong: { servicesDown: 'payments.charge', state: 'success' } },
]
