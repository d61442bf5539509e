/** `runs`: what ran; running it again, ending it by hand, notes, deleting. */
import type { Command } from '@commander-js/extra-typings'
import { RUN_STATES } from '../../core/states.ts'
import { oneOf, positive, runState } from '../argument-kinds.ts'
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import { confirm } from '../confirm.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { elapsedText, instantText, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Run } from '../platform/platform.ts'
import { safeText } from '../terminal/safe-text.ts'
import { clearWithConsent } from './change-tasks.ts'
import { addCompensateCommands } from './compensate.ts'
import { noteDraining } from './drain.ts'
import { addTriggerCommand } from './trigger.ts'

export function addRunsCommands(group: Command, context: CommandContext): void {
  leaf(group, 'list', 'runs, newest first')
    .argument('[dag]')
    .option('--dag <dag>', 'only those of this Dag')
    .option('--state <state>', RUN_STATES.join(', '), runState)
    .option('--correlation <id>', 'only those of this business id')
    .option('-n, --limit <number>', 'how many', positive, 25)
    .action(async (named, options) => {
      const dagId = named ?? options.dag
      const { output, program } = begin(context, options)
      const runs = await withPlatform(program, 'existing', async (platform) => {
        await noteDraining(platform, output)
        return platform.runs({
          limit: options.limit,
          ...(dagId === undefined ? {} : { dagId }),
          ...(options.state === undefined ? {} : { state: options.state }),
          ...(options.correlation === undefined ? {} : { correlationId: options.correlation }),
        })
      })
      output.answer(runs, () =>
        runs.length === 0
          ? 'No runs.'
          : table(
              ['dag', 'run', 'state', 'started', 'took', 'by', 'correlation'],
              runs.map((run) => [
                run.dag_id,
                run.dag_run_id,
                run.state,
                instantText(run.start_date),
                elapsedText(run.start_date, run.end_date),
                run.triggered_by,
                run.correlation_id,
              ]),
            ),
      )
    })

  leaf(group, 'show', 'one run with its task instances; the latest when no run is named')
    .argument('<dag>')
    .argument('[run]')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const answer = await withPlatform(program, 'existing', async (platform) => {
        const run = await platform.run(dagId, runId)
        return { ...run, task_instances: await platform.taskInstances(run) }
      })
      output.answer(answer, () => {
        const { dag_id, dag_run_id, state, logical_date, version, note, correlation_id } = answer
        const about = correlation_id === null ? '' : `, correlation ${safeText(correlation_id)}`
        const head = `${dag_id} ${dag_run_id}: ${state}, logical date ${instantText(logical_date)}, version ${version ?? '-'}${about}`
        const rows = answer.task_instances.map((ti) => [
          ti.map_index < 0 ? ti.task_id : `${ti.task_id}[${ti.map_index}]`,
          ti.state,
          ti.try_number,
          instantText(ti.start_date),
          elapsedText(ti.start_date, ti.end_date),
          ti.state === 'success' ? '' : (ti.cause?.message ?? ''),
        ])
        const noted = note === null ? '' : `\nnote: ${safeText(note)}`
        return `${head}${noted}\n\n${table(['task', 'state', 'try', 'started', 'took', 'cause'], rows)}`
      })
    })

  addChanges(group, context)
}

function addChanges(group: Command, context: CommandContext): void {
  addTriggerCommand(group, context)
  leaf(group, 'clear', 'runs a run again: all of its task instances, or the failed ones')
    .argument('<dag>')
    .argument('[run]', 'the latest when left out')
    .option('--only-failed', 'only those that failed, and those that waited for them')
    .option('--new-keys', 'with new idempotency keys: what was done before is to be done again')
    .option('--newest', 'the run goes on with the newest version of its Dag')
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      await clearWithConsent({ program, output, dagId, runId }, options, {
        taskIds: [],
        upstream: false,
        downstream: false,
        onlyFailed: options.onlyFailed === true,
        onlyRunning: false,
        ...(options.newKeys === true ? { newKeys: true } : {}),
        ...(options.newest === true ? { newest: true } : {}),
      })
    })

  leaf(group, 'mark', 'ends a run by hand, as success or failed')
    .argument('<dag>')
    .argument('[run]', 'the latest when left out')
    .requiredOption('--as <state>', 'success or failed', oneOf(['success', 'failed']))
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const answer = await withPlatform(program, 'running', async (platform) => {
        const run = await platform.run(dagId, runId)
        const what =
          options.as === 'success'
            ? 'All of its task instances are success then.'
            : 'Its task instances that have begun end as failed, the others as skipped.'
        const plan = `${title(run)} is ${run.state}. ${what}`
        if (!(await confirm(output, options, plan, `Mark it ${options.as}?`))) return null
        return platform.markRun(run, options.as)
      })
      output.answer(answer, () =>
        answer === null ? 'Nothing was changed.' : `Marked ${answer.dag_run_id} of ${dagId} as ${options.as}.`,
      )
    })

  leaf(group, 'cancel', 'ends the live tries of a run for good; what it completed is undone, and it fails')
    .argument('<dag>')
    .argument('[run]', 'the latest when left out')
    .option('--no-compensate', 'what it completed is not undone')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const answer = await withPlatform(program, 'running', async (platform) =>
        platform.cancel(await platform.run(dagId, runId), options.compensate ? {} : { withoutCompensation: true }),
      )
      output.answer(answer, () => `Cancelled ${answer.dag_run_id} of ${answer.dag_id}.`)
    })

  addCompensateCommands(group, context)

  leaf(group, 'delete', 'deletes a finished run with its task instances, tries and XComs; its events stay')
    .argument('<dag>')
    .argument('<run>')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const deleted = await withPlatform(program, 'running', async (platform) => {
        const run = await platform.run(dagId, runId)
        if (!(await confirm(output, options, `${title(run)} is ${run.state}.`, 'Delete it?'))) return null
        await platform.deleteRun(run)
        return run
      })
      const answer = deleted === null ? null : { dag_id: dagId, dag_run_id: deleted.dag_run_id, deleted: true }
      output.answer(answer, () =>
        deleted === null ? 'Nothing was changed.' : `Deleted ${deleted.dag_run_id} of ${dagId}.`,
      )
    })

  leaf(group, 'note', 'a note at a run, or at one of its task instances')
    .argument('<dag>')
    .argument('<run>', '`latest`, or its name')
    .argument('[text]')
    .option('--task <task>', 'at this task instance')
    .option('--remove', 'take the note away')
    .action(async (dagId, runId, text, options) => {
      const { output, program } = begin(context, options)
      if ((text === undefined) !== (options.remove === true)) {
        throw new CommandFailure('Give either the text of the note or --remove.', null, EXIT_USAGE)
      }
      const answer = await withPlatform(program, 'running', async (platform) =>
        platform.note(await platform.run(dagId, runId), text ?? null, options.task),
      )
      output.answer(answer, () => (text === undefined ? 'The note is gone.' : 'Noted.'))
    })
}

function title(run: Run): string {
  return `Run ${run.dag_run_id} of ${run.dag_id}`
}
