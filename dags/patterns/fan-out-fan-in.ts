/**
 * Fan-out and fan-in: one task for each warehouse, all at once, and one that takes all of their results. The loop runs while
 * the file is read, so the graph shows every warehouse, each with tries and a log of its own; at most three count at the
 * same time, and one that fails is repeated alone.
 */
import { Dag } from 'tradewind'
import { effect, warehouse } from './services.ts'

interface Count {
  readonly place: string
  readonly pieces: number
}

const PLACES = ['berlin', 'hamburg', 'lyon', 'porto', 'riga'] as const
const ENOUGH = 200

const dag = new Dag('stock_count', {
  description: 'Counts the stock of five warehouses at once and orders what is missing',
  maxActiveTasks: 3,
  tags: ['pattern'],
})

const counting = dag.taskGroup('count')
const counts = PLACES.map((place) =>
  counting.task(place, async (): Promise<Count> => ({ place, pieces: await warehouse.count(place) }))(),
)

const total = dag.task('total', ({ counts }: { counts: Count[] }) => {
  const [first, ...others] = counts.toSorted((a, b) => a.pieces - b.pieces)
  return {
    pieces: counts.reduce((sum, count) => sum + count.pieces, 0),
    fewestIn: others.length === 0 ? null : (first?.place ?? null),
  }
})

const reorder = dag.task('reorder', ({ stock }: { stock: { pieces: number; fewestIn: string | null } }) => {
  const missing = Math.max(0, ENOUGH - stock.pieces)
  return effect('supplier.order', { pieces: missing, to: stock.fewestIn }, { ordered: missing })
})

reorder({ stock: total({ counts }) })

export default dag
