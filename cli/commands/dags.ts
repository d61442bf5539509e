/** `dags`: what there is, what is wrong with it, what is due next; runs by hand; pausing. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import type { ImportProblem } from '../../core/serialized-dag.ts'
import { describeSchedule, upcomingFires } from '../../core/timetable/index.ts'
import { type DagListItem, getDag, listDags } from '../../database/queries/dags.ts'
import { listImportErrors } from '../../database/queries/overview.ts'
import { EXIT_FAILED } from '../command-failure.ts'
import { type Pool, withDatabase } from '../database-access.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { instant, table } from '../output.ts'
import { submit } from '../submit.ts'
import { withProgress } from '../terminal/progress-line.ts'
import { unknownDag } from './not-found.ts'

export function addDagsCommands(parent: Command, context: CommandContext): Command {
  const group = parent.command('dags').description('Dags: list, trigger, pause, next ticks, import errors')

  leaf(group, 'list', 'all Dags')
    .option('--all', 'also those whose file is gone')
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const filter = options.all === true ? {} : { isActive: true }
      const dags = await withDatabase(program, { need: 'existing' }, (pool) => listDags(pool, filter))
      output.answer(dags.map(listed), () =>
        dags.length === 0
          ? `No Dags yet. Put a file into ${program.dagsFolder}.`
          : table(
              ['dag', 'file', 'schedule', 'state', 'next run', 'version'],
              dags.map((dag) => [
                dag.dagId,
                dag.file,
                describeSchedule(dag.serialized.schedule, dag.serialized.timezone),
                stateOf(dag),
                instant(dag.nextRunAfter),
                dag.versionNumber,
              ]),
            ),
      )
    })

  leaf(group, 'errors', 'Dag files that were not taken, and warnings').action(async (options) => {
    const { output, program } = begin(context, options)
    const errors = await withDatabase(program, { need: 'existing' }, listImportErrors)
    output.answer(errors, () =>
      errors.length === 0 ? 'No import errors.' : errors.flatMap((error) => error.problems.map(problemText)).join('\n'),
    )
    if (errors.length > 0) context.setExitCode(EXIT_FAILED)
  })

  leaf(group, 'next', 'the next ticks of a Dag')
    .argument('<dag>')
    .option('-n, --count <number>', 'how many', positive, 5)
    .action(async (dagId, options) => {
      const { output, program } = begin(context, options)
      const dag = await withDatabase(program, { need: 'existing' }, (pool) => requireDag(pool, dagId))
      const { schedule, timezone, startDate = null, endDate = null } = dag.serialized
      const catchup = dag.serialized.catchup ?? program.config['scheduler.catchup']
      const last =
        dag.lastLogicalDate === null
          ? null
          : { logicalDate: dag.lastLogicalDate, intervalEnd: dag.lastIntervalEnd ?? dag.lastLogicalDate }
      const fires = upcomingFires(
        { schedule, timezone, startDate, endDate, catchup },
        last,
        dag.scheduleSince,
        Date.now(),
        options.count,
      )
      const rows = fires.map((fire) => ({
        logical_date: new Date(fire.logicalDate).toISOString(),
        run_after: new Date(fire.runAfter).toISOString(),
        local: localTime(fire.runAfter, timezone),
      }))
      output.answer({ dag_id: dagId, timezone, is_paused: dag.isPaused, next: rows }, () => {
        if (rows.length === 0) return `${dagId} has no next tick (${describeSchedule(schedule, timezone)}).`
        const drawn = table(
          ['run after', `in ${timezone}`, 'logical date'],
          rows.map((row) => [row.run_after, row.local, row.logical_date]),
        )
        return dag.isPaused ? `${drawn}\n${dagId} is paused: none of these will run until it is unpaused.` : drawn
      })
    })

  leaf(group, 'trigger', 'makes a run now')
    .argument('<dag>')
    .option('--conf <json>', 'params of the run, a JSON object', jsonText)
    .option('--run-id <id>', 'its name; made up when left out')
    .option('--logical-date <date>', 'its logical date, ISO 8601 with zone; now when left out', date)
    .option('--note <text>', 'shown with the run')
    .action(async (dagId, options) => {
      const { output, program } = begin(context, options)
      const answer = await withDatabase(program, { need: 'running' }, (pool) =>
        withProgress(process.stderr, `triggering ${dagId}`, () =>
          submit(pool, {
            kind: 'trigger',
            dagId,
            ...(options.conf === undefined ? {} : { conf: options.conf }),
            ...(options.runId === undefined ? {} : { runId: options.runId }),
            ...(options.logicalDate === undefined ? {} : { logicalDate: options.logicalDate }),
            ...(options.note === undefined ? {} : { note: options.note }),
          }),
        ),
      )
      output.answer(answer, () => {
        const run = answer as { dag_run_id?: unknown; is_paused?: unknown }
        const made = `Made the run ${run.dag_run_id} of ${dagId}.`
        return run.is_paused === true ? `${made} ${dagId} is paused: it waits for \`tradewind dags unpause\`.` : made
      })
    })

  for (const kind of ['pause', 'unpause'] as const) {
    const description = kind === 'pause' ? 'no more runs until it is unpaused' : 'runs again by its schedule'
    leaf(group, kind, description)
      .argument('<dag>')
      .action(async (dagId, options) => {
        const { output, program } = begin(context, options)
        const answer = await withDatabase(program, { need: 'running' }, (pool) => submit(pool, { kind, dagId }))
        output.answer(answer, () => `${dagId} is ${kind}d.`)
      })
  }
  return group
}

function listed(dag: DagListItem) {
  return {
    dag_id: dag.dagId,
    file: dag.file,
    is_paused: dag.isPaused,
    is_active: dag.isActive,
    schedule: dag.serialized.schedule,
    timezone: dag.serialized.timezone,
    tags: dag.serialized.tags,
    version: dag.versionNumber,
    next_run_after: dag.nextRunAfter === null ? null : new Date(dag.nextRunAfter).toISOString(),
    last_logical_date: dag.lastLogicalDate === null ? null : new Date(dag.lastLogicalDate).toISOString(),
  }
}

function stateOf(dag: DagListItem): string {
  if (!dag.isActive) return 'file gone'
  return dag.isPaused ? 'paused' : 'active'
}

/** `sales.ts:12:3  bad-cron  message` and the remedy below it. */
export function problemText(problem: ImportProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  return `${place}  ${problem.code}\n  ${problem.message}\n  ${problem.remedy}`
}

/** Throws with the nearest id when there is none. */
export async function requireDag(pool: Pool, dagId: string): Promise<DagListItem> {
  return (await getDag(pool, dagId)) ?? unknownDag(pool, dagId)
}

function localTime(at: number, timezone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'long' }).format(at)
}

export function positive(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value <= 100_000) return value
  throw new InvalidArgumentError('Give a whole number from 1 to 100000.')
}

export function jsonText(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Give a JSON object, such as \'{"region":"eu"}\'.')
}

export function date(text: string): number {
  const at = Date.parse(text)
  if (!Number.isNaN(at) && /\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:?\d\d))?$/.test(text)) return at
  throw new InvalidArgumentError('Give an instant with its zone, such as 2026-01-31T02:00:00Z, or a date (then UTC).')
}
