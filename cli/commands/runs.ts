/** `runs list`, `runs show`, `tasks why`: what ran, and why a task instance is where it is. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { explainTi, waiting } from '../../core/explain-ti.ts'
import type { RunRecord, TiRecord, TryRecord } from '../../core/records.ts'
import { RUN_STATES, type RunState } from '../../core/states.ts'
import { withClient } from '../../database/connect.ts'
import { listEvents } from '../../database/queries/events.ts'
import { readHealth } from '../../database/queries/overview.ts'
import { listRuns, type RunListItem } from '../../database/queries/runs.ts'
import { listTis, listTries, listTriesOfRun } from '../../database/queries/task-instances.ts'
import { loadSnapshot } from '../../database/store/load.ts'
import { withDatabase } from '../database-access.ts'
import { findRun, findTi } from '../find-ti.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { elapsed, instant, table } from '../output.ts'
import { positive, requireDag } from './dags.ts'

const MOST_EVENTS = 10_000

export function addRunsCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('runs').description('DagRuns')

  leaf(group, 'list', 'runs, newest first')
    .argument('[dag]')
    .option('--dag <dag>', 'only those of this Dag')
    .option('--state <state>', RUN_STATES.join(', '), runState)
    .option('-n, --limit <number>', 'how many', positive, 25)
    .action(async (named, options) => {
      const dagId = named ?? options.dag
      const { output, program } = begin(context, options)
      const runs = await withDatabase(program, { need: 'existing' }, async (pool) => {
        if (dagId !== undefined) await requireDag(pool, dagId)
        return listRuns(pool, {
          limit: options.limit,
          ...(dagId === undefined ? {} : { dagId }),
          ...(options.state === undefined ? {} : { state: options.state }),
        })
      })
      output.answer(runs.map(shownRun), () =>
        runs.length === 0
          ? 'No runs.'
          : table(
              ['dag', 'run', 'state', 'started', 'took', 'by'],
              runs.map((run) => [
                run.dagId,
                run.runId,
                run.state,
                instant(run.startDate),
                elapsed(run.startDate, run.endDate),
                run.triggeredBy,
              ]),
            ),
      )
    })

  leaf(group, 'show', 'one run with its task instances; the latest when no run is named')
    .argument('<dag>')
    .argument('[run]')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const { run, tis, tries } = await withDatabase(program, { need: 'existing' }, async (pool) => {
        const found = await findRun(pool, dagId, runId)
        return { run: found, tis: await listTis(pool, found.id), tries: await listTriesOfRun(pool, found.id) }
      })
      const lastTry = new Map(tries.map((one) => [one.tiId, one]))
      const answer = { ...shownRun(run), task_instances: tis.map((ti) => shownTi(ti, lastTry.get(ti.id))) }
      output.answer(answer, () => {
        const head = `${run.dagId} ${run.runId}: ${run.state}, logical date ${instant(run.logicalDate)}, version ${run.versionNumber ?? '-'}`
        const rows = tis.map((ti) => [
          ti.mapIndex < 0 ? ti.taskId : `${ti.taskId}[${ti.mapIndex}]`,
          ti.state,
          ti.tryNumber,
          instant(ti.startDate),
          elapsed(ti.startDate, ti.endDate),
          ti.state === 'success' ? '' : (lastTry.get(ti.id)?.cause?.message ?? ''),
        ])
        return `${head}\n\n${table(['task', 'state', 'try', 'started', 'took', 'cause'], rows)}`
      })
    })

  const tasks = parent.command('tasks').description('task instances')

  leaf(tasks, 'why', 'why a task instance is in the state it is in; of the latest run when none is named')
    .argument('<dag>')
    .argument('<task>')
    .argument('[run]')
    .option('--map-index <number>', 'of a mapped task', wholeNumber, -1)
    .action(async (dagId, taskId, runId, options) => {
      const { output, program } = begin(context, options)
      const { config } = program
      const slots = config['executor.slots'] ?? config['scheduler.parallelism']
      const answer = await withDatabase(program, { need: 'existing' }, async (pool, { connection }) => {
        const run = await findRun(pool, dagId, runId)
        const dag = await requireDag(pool, dagId)
        const snapshot = await withClient(connection, 'tradewind cli', (client) => loadSnapshot(client, null))
        const general = {
          dag,
          run,
          tis: await listTis(pool, run.id),
          serialized: dag.versionId === run.versionId ? dag.serialized : null,
          snapshot,
          defaults: platformDefaults(config),
          slots,
          leading: (await readHealth(pool)).scheduler?.isAlive === true,
          now: Date.now(),
        }
        if (general.tis.length === 0) return { run, ti: null, tries: [], reasons: waiting(general, taskId) }
        const ti = await findTi(pool, run, taskId, options.mapIndex)
        const tries = await listTries(pool, ti.id)
        const events = await listEvents(pool, run.id, { limit: MOST_EVENTS })
        return { run, ti, tries, reasons: explainTi({ ...general, ti, tries, events }) }
      })
      const { run, ti, tries, reasons } = answer
      const shown = ti === null ? { task_id: taskId, state: null } : shownTi(ti, tries.at(-1))
      output.answer({ dag_id: dagId, dag_run_id: run.runId, ...shown, reasons, tries: tries.map(shownTry) }, () => {
        const state = ti === null ? `not there yet: its run is ${run.state}` : ti.state
        const head = `${dagId}.${taskId} of ${run.runId} is ${state}.`
        return [head, ...reasons.map(({ message }) => sentence(message))].join('\n')
      })
    })
}

function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function shownRun(run: RunListItem | RunRecord) {
  return {
    dag_id: run.dagId,
    dag_run_id: run.runId,
    run_type: run.runType,
    state: run.state,
    logical_date: iso(run.logicalDate),
    data_interval_start: iso(run.dataIntervalStart),
    data_interval_end: iso(run.dataIntervalEnd),
    run_after: iso(run.runAfter),
    queued_at: iso(run.queuedAt),
    start_date: iso(run.startDate),
    end_date: iso(run.endDate),
    conf: JSON.parse(run.conf) as unknown,
    note: run.note,
    triggered_by: run.triggeredBy,
    version: 'versionNumber' in run ? run.versionNumber : null,
  }
}

function shownTi(ti: TiRecord, lastTry: TryRecord | undefined) {
  return {
    task_id: ti.taskId,
    map_index: ti.mapIndex,
    state: ti.state,
    try_number: ti.tryNumber,
    max_tries: ti.maxTries,
    start_date: iso(ti.startDate),
    end_date: iso(ti.endDate),
    retry_at: iso(ti.retryAt),
    cause: lastTry?.cause ?? null,
  }
}

function shownTry(one: TryRecord) {
  return {
    try_number: one.tryNumber,
    state: one.state,
    queued_at: iso(one.queuedAt),
    start_date: iso(one.startDate),
    end_date: iso(one.endDate),
    host: one.host,
    pid: one.pid,
    cause: one.cause,
  }
}

function runState(text: string): RunState {
  const found = RUN_STATES.find((state) => state === text)
  if (found === undefined) throw new InvalidArgumentError(`Give one of ${RUN_STATES.join(', ')}.`)
  return found
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= -1) return value
  throw new InvalidArgumentError('Give a whole number.')
}
