/**
 * The state tables as they are, for a comparison with what the events say: all of them (memory holds as much), or what
 * belongs to some runs. One repeatable-read transaction.
 *
 * Indexes: primary keys and those by run. Locks: none.
 */
import type pg from 'pg'
import type { Leader } from '../../core/event-log/event-data.ts'
import { emptyTables, type Tables } from '../../core/event-log/replay.ts'
import { tryKeyText } from '../../core/ids.ts'
import type {
  CompensationRecord,
  DagRecord,
  EventRecord,
  ExecutionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  TiOverrideRecord,
  TiRecord,
} from '../../core/records.ts'
import { inTransaction } from '../connect.ts'
import { selectList } from '../select-list.ts'
import { type LetterRow, letterColumns, letterOf, outcomeOf } from '../store/letter-rows.ts'
import {
  compensationColumns,
  dagColumns,
  runColumns,
  type TryRow,
  tiColumns,
  toTryRecord,
  tryColumns,
} from '../store/load.ts'
import { WHOLE_EVENT_COLUMNS } from './events.ts'
import { lastEventId } from './last-event.ts'

/** Without an index by run. */
const BY_TI: ReadonlySet<string> = new Set(['task_note', 'try', 'active'])

type Rows = <Row extends pg.QueryResultRow>(columns: string, table: string) => Promise<Row[]>

/** With the id of the last event that is in them. */
export async function readStateTables(
  pool: pg.Pool,
  defaults: Leader['defaults'],
): Promise<{ readonly tables: Tables; readonly lastEventId: number }> {
  const client = await pool.connect()
  try {
    return await inTransaction(client, 'repeatable read read only', async () => {
      const rows: Rows = async (columns, table) => (await client.query(`select ${columns} from ${table}`)).rows
      const tables = await readTablesOfRuns(rows)
      for (const dag of await rows<DagRecord>(dagColumns, 'dag d')) tables.dags.set(dag.dagId, dag)
      for (const pool of await rows<PoolRecord>('name, slots, description', 'pool')) tables.pools.set(pool.name, pool)
      for (const row of await rows<{ file: string; problems: string; at: number }>('*', 'import_error')) {
        tables.importErrors.set(row.file, {
          ...row,
          problems: JSON.parse(row.problems) as ImportErrorRecord['problems'],
        })
      }
      const [platform] = await rows<{ draining: boolean }>('draining', 'platform_state')
      tables.draining = platform?.draining ?? false
      const [lease] = await rows<{ holder: string | null; epoch: number }>('holder, epoch', 'lease')
      tables.leader = { host: lease?.holder ?? '', epoch: lease?.epoch ?? 0, defaults }
      return { tables, lastEventId: await lastEventId(client) }
    })
  } finally {
    client.release()
  }
}

/** Of one run what hangs on it. */
export async function readRunTables(pool: pg.Pool, dagRunId: number): Promise<Tables> {
  return readTablesOfRuns(async (columns, table) => {
    const [name, alias] = table.split(' ')
    const byTi = `${alias}.ti_id in (select id from task_instance where dag_run_id = $1)`
    const where = name === 'dag_run' ? `${alias}.id = $1` : BY_TI.has(name ?? '') ? byTi : `${alias}.dag_run_id = $1`
    return (await pool.query(`select ${columns} from ${table} where ${where}`, [dagRunId])).rows
  })
}

async function readTablesOfRuns(rows: Rows): Promise<Tables> {
  const tables = emptyTables()
  for (const run of await rows<RunRecord>(runColumns, 'dag_run r')) tables.runs.set(run.id, run)
  for (const ti of await rows<TiRecord>(tiColumns, 'task_instance ti')) tables.tis.set(ti.id, ti)
  for (const row of await rows<TryRow>(tryColumns, 'try t')) tables.tries.set(tryKeyText(row), toTryRecord(row))
  const executions = selectList<ExecutionRecord>('a', ['tiId', 'tryNumber', 'dagRunId', 'host', 'epoch'])
  for (const row of await rows<ExecutionRecord>(executions, 'active a')) tables.executions.set(tryKeyText(row), row)
  for (const row of await rows<CompensationRecord>(compensationColumns, 'compensation c')) {
    tables.compensations.set(`${row.tiId}.${row.forwardTry}`, row)
  }
  for (const row of await rows<LetterRow>(letterColumns, 'dead_letter d')) {
    tables.deadLetters.set(tryKeyText(row), letterOf(row))
    const outcome = outcomeOf(row)
    if (outcome !== null) tables.outcomes.set(tryKeyText(row), outcome)
  }
  const overrides = selectList<TiOverrideRecord>('x', ['tiId', 'dagRunId', 'life', 'inputs'])
  for (const row of await rows<TiOverrideRecord>(overrides, 'ti_override x')) tables.overrides.set(row.tiId, row)
  for (const row of await rows<{ tiId: number; note: string }>('n.ti_id as "tiId", n.note', 'task_note n')) {
    tables.notes.set(row.tiId, row.note)
  }
  return tables
}

/** Whole events in order, page by page, beyond one id and up to another. */
export async function* readWholeEvents(pool: pg.Pool, after: number, upTo: number): AsyncGenerator<EventRecord> {
  const PAGE = 5_000
  for (let from = after; from < upTo; from += PAGE) {
    const { rows } = await pool.query<EventRecord>(
      `select ${WHOLE_EVENT_COLUMNS} from event e where e.id > $1 and e.id <= $2 order by e.id`,
      [from, Math.min(upTo, from + PAGE)],
    )
    yield* rows
  }
}
