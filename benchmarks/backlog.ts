/**
 * Ten years of daily runs that a new Dag has to catch up on, 16 at a time. Each time a new program, since the question is
 * also whether its memory grows with the backlog. The rate is by the runs' own times, first queued to last ended.
 */
import type { Benchmark } from './benchmark.ts'
import { pssOf } from './measuring/memory.ts'
import { type Session, withSession } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const DAYS = 3_650
const TASKS = 5
const ACTIVE = 16
const BAR = 2_500
const BAR_MEMORY = 1.2
const DAY_MS = 24 * 60 * 60 * 1_000
const FIRST_DAY = Date.UTC(2015, 0, 1)

const backlogDag = (days: number) => `
import { Dag } from 'tradewind'

const dag = new Dag('backlog', {
  schedule: '@daily',
  startDate: '${new Date(FIRST_DAY).toISOString()}',
  endDate: '${new Date(FIRST_DAY + (days - 1) * DAY_MS).toISOString()}',
  catchup: true,
  maxActiveRuns: ${ACTIVE},
})
let before = dag.task('task_1', () => 1)()
for (let n = 2; n <= ${TASKS}; n += 1) before = dag.task(\`task_\${n}\`, () => n)().after(before)
`

interface Figures {
  readonly rate: number
  /** Of the program's own process, in MB; `null` where the system does not tell. */
  readonly atTenth: number | null
  readonly atEnd: number | null
}

async function measure({ folder, program, client }: Session, days: number): Promise<Figures> {
  const done = (least: number) =>
    client.until<{ n: number }>(
      `select count(*)::int as n from dag_run where dag_id = 'backlog' and state = 'success'`,
      [],
      ([row]) => row!.n >= least,
    )
  await folder.put('backlog.ts', backlogDag(days))
  await client.live('backlog')
  await done(days / 10)
  const atTenth = await pssOf(program.pid)
  await done(days)
  const atEnd = await pssOf(program.pid)
  const { rows } = await client.db.query<{ runs: number; tasks: number; ms: number }>(
    `select count(*)::int as runs,
            (select count(*)::int from task_instance t join dag_run r on r.id = t.dag_run_id
             where r.dag_id = 'backlog' and t.state = 'success') as tasks,
            (extract(epoch from max(end_date) - min(queued_at)) * 1000)::float8 as ms
     from dag_run where dag_id = 'backlog'`,
  )
  const { runs, tasks, ms } = rows[0]!
  if (runs !== days || tasks !== days * TASKS)
    throw new Error(`${runs} runs and ${tasks} tasks, not ${days} of each day`)
  return { rate: tasks / (ms / 1_000), atTenth, atEnd }
}

export const backlog: Benchmark = {
  name: 'backlog',
  what: `3,650 daily runs of a chain of ${TASKS} by catchup, ${ACTIVE} active`,
  run: async ({ size, runs, profileTo, note }) => {
    const days = size === 'tiny' ? 20 : DAYS
    const figures: Figures[] = []
    for (let n = 0; n < runs; n += 1) {
      figures.push(await withSession({ profileTo }, (session) => measure(session, days)))
    }
    const rates = figures.map((one) => one.rate)
    const growth = figures.flatMap(({ atTenth, atEnd }) =>
      atTenth === null || atEnd === null ? [] : [atEnd / atTenth],
    )
    note(`tasks a second: ${spread(rates, 0)}; memory at the end by that at a tenth: ${spread(growth)}`)
    const value = median(rates)
    const grown = median(growth)
    return [
      {
        name: 'backlog',
        value: round(value, 4),
        unit: 'tasks/s',
        ratio: round(value / BAR),
        against: `bar of ${BAR}`,
        bar: `>= ${BAR} tasks/s`,
        holds: value >= BAR,
      },
      {
        name: 'backlog-memory',
        value: round(median(figures.map((one) => one.atEnd ?? Number.NaN))),
        unit: 'MB PSS of the program process at the end',
        ratio: round(grown),
        against: `${median(figures.map((one) => one.atTenth ?? Number.NaN)).toFixed(0)} MB at a tenth`,
        bar: `<= ${BAR_MEMORY} x`,
        holds: Number.isNaN(grown) ? null : grown <= BAR_MEMORY,
      },
    ]
  },
}
