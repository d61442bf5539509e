/** `dags trigger`, and the same as `runs trigger`: a run by hand. */
import type { Command } from '@commander-js/extra-typings'
import { date, jsonText } from '../argument-kinds.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { withPlatform } from '../platform/open-platform.ts'
import { withProgress } from '../terminal/progress-line.ts'

export function addTriggerCommand(group: Command, context: CommandContext): void {
  leaf(group, 'trigger', 'makes a run now')
    .argument('<dag>')
    .option('--conf <json>', 'params of the run, a JSON object', jsonText)
    .option('--run-id <id>', 'its name; made up when left out')
    .option('--logical-date <date>', 'its logical date, ISO 8601 with zone; now when left out', date)
    .option('--note <text>', 'shown with the run')
    .option('--key <key>', 'used before for this Dag: no new run, the answer is the run of then')
    .option('--correlation <id>', 'business id to find it by, such as an order number')
    .action(async (dagId, options) => {
      const { output, program } = begin(context, options)
      const answer = await withPlatform(program, 'running', (platform) =>
        withProgress(process.stderr, `triggering ${dagId}`, () =>
          platform.trigger(dagId, {
            ...(options.conf === undefined ? {} : { conf: options.conf }),
            ...(options.runId === undefined ? {} : { runId: options.runId }),
            ...(options.logicalDate === undefined ? {} : { logicalDate: options.logicalDate }),
            ...(options.note === undefined ? {} : { note: options.note }),
            ...(options.key === undefined ? {} : { triggerKey: options.key }),
            ...(options.correlation === undefined ? {} : { correlationId: options.correlation }),
          }),
        ),
      )
      output.answer(answer, () => {
        const made =
          options.key === undefined
            ? `Made the run ${answer.dag_run_id} of ${dagId}.`
            : `The run of this key is ${answer.dag_run_id} of ${dagId}.`
        return answer.is_paused ? `${made} ${dagId} is paused: it waits for \`tradewind dags unpause\`.` : made
      })
    })
}
