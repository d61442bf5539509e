/**
 * Retry: what may work the next time is tried again, later and later; what cannot is given up at once. The bank's rates come
 * over a line that fails now and then: five repeats, from two seconds on, doubling up to a minute, each a little shifted
 * by chance so that a thousand tasks do not come back in the same instant. An unknown currency is no matter of luck.
 */
import { Dag } from 'tradewind'
import { bank, effect } from './services.ts'

const dag = new Dag('price_list', {
  description: 'Prices in another currency, by rates of a bank that fails now and then',
  params: { currency: 'USD' },
  tags: ['pattern'],
})

const fetchRate = dag.task('fetch_rate', ({ currency }: { currency: string }) => bank.rate(currency), {
  retries: 5,
  retryDelay: '2 s',
  retryBackoff: 2,
  maxRetryDelay: '1 min',
  retryJitter: 0.2,
  // Of one try: a call that hangs is ended and counts as failed.
  timeout: '10 s',
})

const convert = dag.task(
  'convert',
  ({ rate }: { rate: number }) => ({ lamp: Math.round(4_990 * rate), desk: Math.round(24_900 * rate) }),
  // It depends on nothing but its arguments: what fails once fails always.
  { retries: 0 },
)

const publish = dag.task('publish', ({ prices }: { prices: Record<string, number> }) =>
  effect('shop.publish', { prices }, { isPublished: true }),
)

publish({ prices: convert({ rate: fetchRate({ currency: dag.param('currency') }) }) })

export default dag
