/**
 * A thousand Dag files that an empty program meets at its start, then edits of single ones. Cold counts from the start of
 * the process, database made and all, until the last Dag is live; an edit from the end of the write until the commit of
 * its new version was heard of.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { type Session, withSession } from './measuring/session.ts'
import { median, quantile, round, spread } from './measuring/statistics.ts'

const BAR_COLD_S = 20
const BAR_EDIT_MS = 300
const SHARED_MODULES = 5

interface Sizes {
  readonly plain: number
  readonly luxon: number
  readonly zod: number
  readonly edits: number
}

const SIZES: Readonly<Record<'tiny' | 'standard', Sizes>> = {
  tiny: { plain: 9, luxon: 2, zod: 2, edits: 2 },
  standard: { plain: 900, luxon: 80, zod: 20, edits: 20 },
}

/** `edition` changes with every edit. */
function dagFile(n: number, kind: 'plain' | 'luxon' | 'zod', edition: number): string {
  const library = {
    plain: '',
    luxon: "import { DateTime } from 'luxon'\n",
    zod: "import { z } from 'zod'\nconst Row = z.object({ id: z.number(), amount: z.number() })\n",
  }[kind]
  const body = {
    plain: 'rows.map((row) => row * factor)',
    luxon: 'rows.map((row) => row * factor + DateTime.utc().weekday)',
    zod: 'rows.map((row) => Row.parse({ id: row, amount: row * factor }).amount)',
  }[kind]
  return `import { Dag } from 'tradewind'
import { factor } from './shared/module_${n % SHARED_MODULES}.ts'
${library}
const dag = new Dag('parsed_${n}', { schedule: null, tags: ['${kind}'] })
const extract = dag.task('extract', () => [1, 2, 3, ${edition}])
const transform = dag.task('transform', ({ rows }: { rows: number[] }) => ${body})
const load = dag.task('load', ({ rows }: { rows: number[] }) => rows.length)
load({ rows: transform({ rows: extract() }) })
`
}

function kindOf(n: number, { plain, luxon }: Sizes): 'plain' | 'luxon' | 'zod' {
  if (n < plain) return 'plain'
  return n < plain + luxon ? 'luxon' : 'zod'
}

function folderOf(sizes: Sizes): Record<string, string> {
  const files: Record<string, string> = { '.airflowignore': 'shared/\n' }
  for (let n = 0; n < SHARED_MODULES; n += 1)
    files[join('shared', `module_${n}.ts`)] = `export const factor = ${n + 1}\n`
  for (let n = 0; n < sizes.plain + sizes.luxon + sizes.zod; n += 1) {
    files[`parsed_${n}.ts`] = dagFile(n, kindOf(n, sizes), 0)
  }
  return files
}

async function measureEdits({ folder, client }: Session, sizes: Sizes): Promise<readonly number[]> {
  const count = sizes.plain + sizes.luxon + sizes.zod
  const waits: number[] = []
  for (let edit = 1; edit <= sizes.edits; edit += 1) {
    // Coprime to the number of files: each kind comes, none twice.
    const n = (edit * 389) % count
    const { rows } = await client.db.query<{ id: number }>('select max(id) as id from event')
    await folder.put(`parsed_${n}.ts`, dagFile(n, kindOf(n, sizes), edit))
    const written = performance.now()
    const [changed] = await client.until<{ id: number | null }>(
      `select min(id) as id from event where id > $1 and dag_id = $2 and kind = 'dag.changed'`,
      [rows[0]!.id, `parsed_${n}`],
      ([row]) => row!.id !== null,
      { everyMs: 20, limitMs: 30_000 },
    )
    waits.push((await client.heardOf(changed!.id!)).at - written)
  }
  return waits
}

export const parse: Benchmark = {
  name: 'parse',
  what: '1,000 files (900 with the SDK only, 80 with luxon, 20 with zod, five shared modules), cold; then single edits',
  run: async ({ size, runs, profileTo, note }) => {
    const sizes = SIZES[size === 'tiny' ? 'tiny' : 'standard']
    const count = sizes.plain + sizes.luxon + sizes.zod
    const cold: number[] = []
    const edits: number[] = []
    for (let n = 0; n < runs; n += 1) {
      await withSession({ profileTo, files: folderOf(sizes) }, async (session) => {
        const { client, program } = session
        const live = 'select count(*)::int as n from dag where is_active'
        await client.until<{ n: number }>(live, [], ([row]) => row!.n === count)
        cold.push((performance.now() - program.startedAt) / 1_000)
        await sleep(2_000)
        edits.push(...(await measureEdits(session, sizes)))
      })
    }
    note(`cold, s: ${spread(cold)}; an edit, ms: ${spread(edits, 0)}, p95 ${quantile(edits, 0.95).toFixed(0)}`)
    const coldValue = median(cold)
    const editValue = quantile(edits, 0.95)
    return [
      {
        name: 'parse',
        value: round(coldValue),
        unit: 's until all are live',
        ratio: round(coldValue / BAR_COLD_S),
        against: `bar of ${BAR_COLD_S} s`,
        bar: `<= ${BAR_COLD_S} s`,
        holds: coldValue <= BAR_COLD_S,
      },
      {
        name: 'parse-edit',
        value: round(editValue),
        unit: 'ms until an edit is live, p95',
        ratio: round(editValue / BAR_EDIT_MS),
        against: `bar of ${BAR_EDIT_MS} ms`,
        bar: `<= ${BAR_EDIT_MS} ms`,
        holds: editValue <= BAR_EDIT_MS,
      },
    ]
  },
}
