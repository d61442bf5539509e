/** `tasks`: why a task instance is where it is; clearing, marking, cancelling task instances of a run. */
import type { Command } from '@commander-js/extra-typings'
import { oneOf, wholeNumber } from '../argument-kinds.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { withPlatform } from '../platform/open-platform.ts'
import { clearWithConsent, markWithConsent } from './change-tasks.ts'

export function addTasksCommands(group: Command, context: CommandContext): void {
  leaf(group, 'why', 'why a task instance is in the state it is in; of the latest run when none is named')
    .argument('<dag>')
    .argument('<task>')
    .argument('[run]')
    .option('--map-index <number>', 'of a mapped task', wholeNumber, -1)
    .action(async (dagId, taskId, runId, options) => {
      const { output, program } = begin(context, options)
      const { run, ti, tries, reasons } = await withPlatform(program, 'existing', async (platform) => {
        const found = await platform.run(dagId, runId)
        return { run: found, ...(await platform.why(found, taskId, options.mapIndex)) }
      })
      const shown = ti ?? { task_id: taskId, state: null }
      output.answer({ dag_id: dagId, dag_run_id: run.dag_run_id, ...shown, reasons, tries }, () => {
        const state = ti === null ? `not there yet: its run is ${run.state}` : ti.state
        const head = `${dagId}.${taskId} of ${run.dag_run_id} is ${state}.`
        return [head, ...reasons.map(({ message }) => sentence(message))].join('\n')
      })
    })

  leaf(group, 'clear', 'runs task instances of a run again: those named, or all')
    .argument('<dag>')
    .argument('[tasks...]')
    .option('--run <run>', 'the latest when left out')
    .option('--upstream', 'also all that is upstream of them')
    .option('--downstream', 'also all that is downstream of them')
    .option('--only-failed', 'only those that are failed or upstream_failed')
    .option('--only-running', 'only those that are queued or running')
    .option('--new-keys', 'with new idempotency keys: what was done before is to be done again')
    .option('--newest', 'the run goes on with the newest version of its Dag')
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, taskIds, options) => {
      const { output, program } = begin(context, options)
      await clearWithConsent({ program, output, dagId, runId: options.run }, options, {
        taskIds,
        upstream: options.upstream === true,
        downstream: options.downstream === true,
        onlyFailed: options.onlyFailed === true,
        onlyRunning: options.onlyRunning === true,
        ...(options.newKeys === true ? { newKeys: true } : {}),
        ...(options.newest === true ? { newest: true } : {}),
      })
    })

  leaf(group, 'mark', 'ends task instances of a run by hand')
    .argument('<dag>')
    .argument('<tasks...>')
    .requiredOption('--as <state>', 'success, failed or skipped', oneOf(['success', 'failed', 'skipped']))
    .option('--run <run>', 'the latest when left out')
    .option('--upstream', 'also all that is upstream of them')
    .option('--downstream', 'also all that is downstream of them')
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, taskIds, options) => {
      const { output, program } = begin(context, options)
      await markWithConsent({ program, output, dagId, runId: options.run }, options, {
        taskIds,
        state: options.as,
        upstream: options.upstream === true,
        downstream: options.downstream === true,
      })
    })

  leaf(group, 'cancel', 'ends live tries of task instances for good, without a retry')
    .argument('<dag>')
    .argument('<tasks...>')
    .option('--run <run>', 'the latest when left out')
    .action(async (dagId, taskIds, options) => {
      const { output, program } = begin(context, options)
      const answer = await withPlatform(program, 'running', async (platform) =>
        platform.cancel(await platform.run(dagId, options.run), { taskIds }),
      )
      output.answer(answer, () =>
        answer.task_ids.length === 0
          ? `Nothing to cancel: ${taskIds.join(', ')} of ${answer.dag_run_id} had ended.`
          : `Cancelled ${answer.task_ids.join(', ')} of ${answer.dag_id} ${answer.dag_run_id}.`,
      )
    })
}

function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`
}
