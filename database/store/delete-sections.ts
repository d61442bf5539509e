/**
 * Deletes whole runs, and Dags piece by piece: the run, its TIs, their tries and all that hangs on a TI (`OF_TIS`).
 * Invariants: events stay; the highest deleted ids are noted, so that no later run or TI gets an id that the history knows
 * as another's.
 *
 * Indexes: primary keys, `task_instance (dag_run_id, ...)`, `dag_version (dag_id, ...)`. Locks: the rows. All CTEs see the tables as they were, so
 * each finds the TIs, whatever order they run in.
 */
import type { TickWrites } from '../../core/ports/store.ts'
import { columnParameters, int8, text } from './column-arrays.ts'
import { deleteSection, type WriteSection } from './write-section.ts'

/** Rows by `ti_id`, by the name of their sections. */
export const OF_TIS = {
  tries: 'try',
  xcoms: 'xcom',
  notes: 'task_note',
  compensations: 'compensation',
  letters: 'dead_letter',
  overrides: 'ti_override',
} as const

const ids = [int8<number>('id', (id) => id)]

/** One section over the ids of the deleted runs; `$1` in its text is the parameter. */
function ofDeletedRuns(name: string, statement: string): WriteSection {
  return {
    name,
    count: (writes) => writes.deletedRuns.length,
    parameters: (writes) => columnParameters(ids, writes.deletedRuns),
    width: 1,
    sql: (first) => `${name} as (${statement.replace('$1', `unnest($${first}::bigint[])`)} returning 1)`,
    lenient: true,
  }
}

const byTi = (table: string) =>
  `delete from ${table} as x using held, $1 as t (id), task_instance as ti where ti.dag_run_id = t.id and x.ti_id = ti.id`

export const deleteSections: readonly WriteSection[] = [
  deleteSection<number>({
    name: 'deleted_runs',
    table: 'dag_run',
    rows: (writes) => writes.deletedRuns,
    columns: ids,
  }),
  deleteSection<number>({
    name: 'deleted_open_runs',
    table: 'open_run',
    rows: (writes) => writes.deletedRuns,
    columns: [int8('dag_run_id', (id) => id)],
    lenient: true,
  }),
  ...Object.entries(OF_TIS).map(([name, table]) => ofDeletedRuns(`deleted_${name}`, byTi(table))),
  ofDeletedRuns('deleted_tis', 'delete from task_instance as x using held, $1 as t (id) where x.dag_run_id = t.id'),
  ofDeletedRuns(
    'run_id_floor',
    `update id_floor as x set last_id = greatest(x.last_id, (select max(t.id) from $1 as t (id)))
     from held where x.name = 'dag_run'`,
  ),
  ofDeletedRuns(
    'ti_id_floor',
    `update id_floor as x set last_id = greatest(x.last_id,
       (select max(ti.id) from $1 as t (id) join task_instance ti on ti.dag_run_id = t.id))
     from held where x.name = 'task_instance'`,
  ),
]

const tiIds = (writes: TickWrites) => writes.erasedTis
const runIds = (writes: TickWrites) => writes.erasedRuns

/** By key, so a piece takes as long whatever is left of the Dag. */
const erase = (name: string, table: string, column: string, rows: (writes: TickWrites) => readonly number[]) =>
  deleteSection<number>({ name, table, rows, columns: [int8(column, (id) => id)], lenient: true })

function floorSection(name: string, floor: string, rows: (writes: TickWrites) => readonly number[]): WriteSection {
  return {
    name,
    count: (writes) => Math.min(1, rows(writes).length),
    parameters: (writes) => [String(rows(writes).reduce((highest, id) => Math.max(highest, id), 0))],
    width: 1,
    sql: (first) =>
      `${name} as (update id_floor as x set last_id = greatest(x.last_id, $${first}::bigint) ` +
      `from held where x.name = '${floor}' returning 1)`,
    lenient: true,
  }
}

const dagIds = [text<string>('dag_id', (id) => id)]

export const eraseSections: readonly WriteSection[] = [
  ...Object.entries(OF_TIS).map(([name, table]) => erase(`erased_${name}`, table, 'ti_id', tiIds)),
  erase('erased_tis', 'task_instance', 'id', tiIds),
  floorSection('erased_ti_floor', 'task_instance', tiIds),
  erase('erased_runs', 'dag_run', 'id', runIds),
  erase('erased_open_runs', 'open_run', 'dag_run_id', runIds),
  floorSection('erased_run_floor', 'dag_run', runIds),
  deleteSection<string>({ name: 'deleted_dags', table: 'dag', rows: (writes) => writes.deletedDags, columns: dagIds }),
  deleteSection<string>({
    name: 'deleted_dag_versions',
    table: 'dag_version',
    rows: (writes) => writes.deletedDags,
    columns: dagIds,
    lenient: true,
  }),
  {
    name: 'version_id_floor',
    count: (writes) => writes.deletedDags.length,
    parameters: (writes) => columnParameters(dagIds, writes.deletedDags),
    width: 1,
    // Web servers remember versions by id, so none is given to another Dag.
    sql: (first) =>
      `version_id_floor as (insert into id_floor as x (name, last_id) select 'dag_version', max(v.version_id) ` +
      `from held, unnest($${first}::text[]) as t (dag_id), dag_version v where v.dag_id = t.dag_id ` +
      'having max(v.version_id) is not null ' +
      'on conflict (name) do update set last_id = greatest(x.last_id, excluded.last_id) returning 1)',
    lenient: true,
  },
]
