/** `runs compensate` and `runs compensations`: undoing what a run completed, and what was undone of it. */
import type { Command } from '@commander-js/extra-typings'
import { confirm } from '../confirm.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { elapsedText, instantText, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { PlannedCompensation, Run } from '../platform/platform.ts'

export function addCompensateCommands(group: Command, context: CommandContext): void {
  leaf(
    group,
    'compensate',
    'undoes what a run completed, and what failed to be undone; a running one is cancelled first',
  )
    .argument('<dag>')
    .argument('[run]', 'the latest when left out')
    .option('--task <task>', 'only this task; may be repeated', several, [])
    .option('--dry-run', 'only show what would be undone, in order')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const isDry = options.dryRun === true
      const taskIds = options.task.length === 0 ? undefined : options.task
      await withPlatform(program, isDry ? 'existing' : 'running', async (platform) => {
        const run = await platform.run(dagId, runId)
        const planned = await platform.planCompensation(run, taskIds)
        const base = { dag_id: dagId, dag_run_id: run.dag_run_id, dry_run: isDry }
        const names = planned.map((one) => one.task_id)
        if (isDry || (planned.length === 0 && run.state !== 'running')) {
          output.answer({ ...base, task_ids: names, planned }, () => planText(run, planned))
          return
        }
        if (!(await confirm(output, options, planText(run, planned), 'Undo them?'))) {
          output.answer({ ...base, task_ids: [], planned: [] }, () => 'Nothing was changed.')
          return
        }
        const { task_ids } = await platform.compensate(run, taskIds)
        output.answer(
          { ...base, task_ids, planned: [] },
          () => `${title(run)} is being undone: ${task_ids.join(', ')}.`,
        )
      })
    })

  leaf(group, 'compensations', 'what was undone of a run, or is being undone')
    .argument('<dag>')
    .argument('[run]', 'the latest when left out')
    .action(async (dagId, runId, options) => {
      const { output, program } = begin(context, options)
      const found = await withPlatform(program, 'existing', async (platform) =>
        platform.compensations(await platform.run(dagId, runId)),
      )
      const begun = (one: (typeof found)[number]) => one.tries[0]?.queued_at ?? one.planned_at
      const rows = found.toSorted((a, b) => (begun(a) < begun(b) ? -1 : 1))
      output.answer(rows, () =>
        rows.length === 0
          ? 'Nothing was undone.'
          : table(
              ['task', 'state', 'undoes try', 'by tries', 'planned', 'took', 'because of', 'message'],
              rows.map((one) => [
                one.map_index < 0 ? one.task_id : `${one.task_id}[${one.map_index}]`,
                one.state,
                one.forward_try,
                one.tries.map((each) => each.try_number).join(' '),
                instantText(one.planned_at),
                elapsedText(one.planned_at, one.ended_at),
                one.failed_task ?? one.actor,
                one.tries.at(-1)?.message,
              ]),
            ),
      )
    })
}

function planText(run: Run, planned: readonly PlannedCompensation[]): string {
  if (planned.length === 0) return `${title(run)} (${run.state}): nothing to undo.`
  const rows = planned.map((one) => [one.task_id, one.exact_state ?? 'none', one.forward_try, one.after.join(' ')])
  const first = run.state === 'running' ? '\nIt is running: it is cancelled first.' : ''
  return `${title(run)} (${run.state}):\n${table(['task', 'is', 'try', 'undone after'], rows)}${first}`
}

function title(run: Run): string {
  return `Run ${run.dag_run_id} of ${run.dag_id}`
}

function several(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}
