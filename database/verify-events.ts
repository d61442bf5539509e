/**
 * Whether the tables are what the events say: of single runs, from their first event on, on a database in use. Reads only.
 * Runs whose beginning is not there any more (retention) or was written by a program that told less are left out.
 */
import type pg from 'pg'
import { compareTables } from '../core/event-log/compare-tables.ts'
import type { Leader } from '../core/event-log/event-data.ts'
import { emptyTables, replay, type Versions } from '../core/event-log/replay.ts'
import { buildGraph } from '../core/graph.ts'
import type { PlatformDefaults } from '../core/platform-defaults.ts'
import type { DagVersionRecord, EventRecord } from '../core/records.ts'
import { WHOLE_EVENT_COLUMNS } from './queries/events.ts'
import { readRunTables } from './queries/state-tables.ts'

export interface VerifiedRun {
  readonly dagRunId: number
  /** `null`: it cannot be told. */
  readonly differences: readonly string[] | null
}

const OF_RUNS = [
  'runs',
  'tis',
  'tries',
  'executions',
  'compensations',
  'deadLetters',
  'outcomes',
  'overrides',
  'notes',
] as const

export async function verifyRuns(
  pool: pg.Pool,
  dagRunIds: readonly number[],
  defaults: PlatformDefaults,
): Promise<readonly VerifiedRun[]> {
  const leaders = await readEvents(pool, "e.dag_run_id is null and e.kind = 'scheduler.leading'", [])
  const versions = await readVersions(pool, dagRunIds, defaults)
  const verified: VerifiedRun[] = []
  for (const dagRunId of dagRunIds) {
    const real = await readRunTables(pool, dagRunId)
    const events = await readEvents(pool, 'e.dag_run_id = $1', [dagRunId])
    const isWhole = events[0]?.kind === 'run.queued' && events[0].data !== null
    // What came while it was read: the next look tells.
    const isStill = isWhole && sameEnd(events, await readEvents(pool, 'e.dag_run_id = $1', [dagRunId]))
    if (!isStill) {
      verified.push({ dagRunId, differences: null })
      continue
    }
    const inOrder = [...leaders, ...events].sort((a, b) => a.id - b.id)
    const rebuilt = replay(emptyTables(), inOrder, versions)
    verified.push({ dagRunId, differences: compareTables(rebuilt, real, { only: OF_RUNS }) })
  }
  return verified
}

function sameEnd(a: readonly EventRecord[], b: readonly EventRecord[]): boolean {
  return a.at(-1)?.id === b.at(-1)?.id
}

async function readEvents(pool: pg.Pool, where: string, values: unknown[]): Promise<readonly EventRecord[]> {
  const { rows } = await pool.query<EventRecord>(
    `select ${WHOLE_EVENT_COLUMNS} from event e where ${where} order by e.id`,
    values,
  )
  return rows
}

/** All that these runs may ever have had: those of their Dags. */
export async function readVersions(
  pool: pg.Pool,
  dagRunIds: readonly number[] | null,
  defaults: PlatformDefaults,
): Promise<Versions> {
  type Row = Pick<DagVersionRecord, 'versionId' | 'bundleHash'> & { readonly serialized: string }
  const { rows } = await pool.query<Row>(
    `select version_id as "versionId", bundle_hash as "bundleHash", serialized from dag_version` +
      (dagRunIds === null ? '' : ' where dag_id in (select dag_id from dag_run where id = any($1))'),
    dagRunIds === null ? [] : [dagRunIds],
  )
  const known = new Map(rows.map((row) => [row.versionId, row]))
  return {
    graph: (versionId: number, leader: Leader | null) => {
      const row = known.get(versionId)
      if (row === undefined) return undefined
      const serialized = JSON.parse(row.serialized) as DagVersionRecord['serialized']
      return buildGraph({ ...row, serialized }, { ...defaults, ...leader?.defaults })
    },
  }
}
