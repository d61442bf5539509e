/**
 * Parallel: tasks without an edge between them run at once. A customer is told by e-mail, SMS and push; each has its own
 * retries, and one that is down neither holds up nor stops the others. `record` runs when all have ended, however.
 */
import { Dag, FailError } from 'tradewind'
import { messages } from './services.ts'

type Receipt = { channel: string }

const dag = new Dag('notify_customer', {
  description: 'E-mail, SMS and push at once, and a record of what got through',
  params: { customer: 'ada@example.org', phone: '+49 30 1234', orderId: '1001' },
  tags: ['pattern'],
})

const compose = dag.task('compose', ({ orderId }: { orderId: string }) => `Your order ${orderId} is on its way.`)

const email = dag.task('email', (mail: { to: string; text: string }) => messages.email(mail.to, mail.text))

const sms = dag.task('sms', (message: { to: string; text: string }) => messages.sms(message.to, message.text))

const push = dag.task('push', (note: { to: string; text: string }) => messages.push(note.to, note.text), {
  // Old news is no news.
  retries: 1,
})

/** What failed is null. */
const record = dag.task(
  'record',
  ({ receipts }: { receipts: (Receipt | null)[] }) => {
    const reached = receipts.filter((receipt) => receipt !== null).map((receipt) => receipt.channel)
    if (reached.length === 0) throw new FailError('The customer was reached by no channel.')
    return reached
  },
  { triggerRule: 'all_done' },
)

const text = compose({ orderId: dag.param('orderId') })
const customer = dag.param('customer')
record({
  receipts: [email({ to: customer, text }), sms({ to: dag.param('phone'), text }), push({ to: customer, text })],
})

export default dag
