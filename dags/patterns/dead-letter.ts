/**
 * Dead letters: what fails for good is kept for a person, with its inputs and its error, and what was done stays done. The
 * strategy `dead-letter` does not retry, for an invoice that is wrong today is wrong tomorrow, too, and it undoes nothing.
 * Once the cause is put right the letter is redriven, on the same inputs or on corrected ones, with all that waited for it.
 */
import { Dag } from 'tradewind'
import { books, effect, type Invoice } from './services.ts'

const dag = new Dag('post_invoices', {
  description: 'Posts three invoices; one that cannot be posted waits as a dead letter',
  // In cents.
  params: { first: 4_990, second: 24_900, third: 1_250 },
  tags: ['pattern'],
})

const posting = dag.taskGroup('post', { defaultArgs: { errorStrategy: 'dead-letter' } })

const entries = (['first', 'second', 'third'] as const).map((which) => {
  const post = posting.task(which, ({ invoice }: { invoice: Invoice }) => books.post(invoice))
  return post({ invoice: { number: `2026-${which}`, cents: dag.param(which) } })
})

const closeDay = dag.task('close_day', ({ entries }: { entries: { entry: string }[] }) =>
  effect('books.close', { entries: entries.map((one) => one.entry) }, { isClosed: true }),
)
closeDay({ entries })

export default dag
