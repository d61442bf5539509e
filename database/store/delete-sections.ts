/**
 * Deletes whole runs: the run, its TIs, their tries, XComs and notes. Invariants: events stay; the highest deleted ids are
 * noted, so that no later run or TI gets an id that the history knows as another's.
 *
 * Indexes: primary keys, `task_instance (dag_run_id, ...)`. Locks: the rows. All CTEs see the tables as they were, so
 * each finds the TIs, whatever order they run in.
 */
import { columnParameters, int8 } from './column-arrays.ts'
import { deleteSection, type WriteSection } from './write-section.ts'

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
  ofDeletedRuns('deleted_tries', byTi('try')),
  ofDeletedRuns('deleted_xcoms', byTi('xcom')),
  ofDeletedRuns('deleted_notes', byTi('task_note')),
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
