/** The names of an event's run and TI, while they are there: two looks by key for each event that is shown. */

/** Select list; with `NAMES_JOIN` after `event e`. */
export const EVENT_NAMES = 'r.run_id as "runId", ti.task_id as "taskId", ti.map_index as "mapIndex"'

export const NAMES_JOIN = `left join lateral (select run_id from dag_run where id = e.dag_run_id) as r on true
  left join lateral (select task_id, map_index from task_instance where id = e.ti_id) as ti on true`
