/** `why`: what a business id, a run or a question is about, and why it is so, in one call. */
import type { Command } from '@commander-js/extra-typings'
import { CommandFailure } from '../command-failure.ts'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Found } from '../platform/platform.ts'
import { safeText } from '../terminal/safe-text.ts'

export function completeWhy(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .argument('<words...>', 'a correlation id, a run, a dead letter, or a question such as: order 12345')
    .action(async (words, options) => {
      const { output, program } = begin(context, options)
      const found = await withPlatform(program, 'existing', (platform) =>
        platform.search(words.join(' ').slice(0, 300)),
      )
      if (found.runs.length + found.dags.length + found.tasks.length === 0) {
        throw new CommandFailure(
          `Nothing is known of "${safeText(found.query)}".`,
          'Give a correlation id (tradewind runs list shows them), a run id, a Dag or a dead letter.',
        )
      }
      output.answer(found, () => safeText(textOf(found)))
    })
}

function textOf({ runs, more_runs, dags, tasks }: Found): string {
  const parts = runs.map(({ run, explanation, dead_letters }) => {
    const about = run.correlation_id === null ? '' : ` (${run.correlation_id})`
    const lines = [`${run.dag_id} ${run.dag_run_id}${about} is ${run.exact_state}.`]
    if (explanation !== null) {
      lines.push(explanation.summary)
      for (const ti of explanation.task_instances) {
        const name = ti.map_index < 0 ? ti.task_id : `${ti.task_id}[${ti.map_index}]`
        const reasons = ti.reasons.map((reason) => sentence(reason.message)).join(' ')
        lines.push(`  ${name} is ${ti.exact_state ?? 'none'}: ${reasons}`)
      }
      if (explanation.more > 0) lines.push(`  and ${explanation.more} more: tradewind runs show ${run.dag_id}`)
    }
    for (const letter of dead_letters) {
      lines.push(`  dead letter ${letter.id} of ${letter.task_id}: tradewind dead-letters show ${letter.id}`)
    }
    return lines.join('\n')
  })
  if (more_runs) parts.push('There are more runs.')
  if (runs.length === 0 && dags.length > 0) parts.push(`Dags: ${dags.map((one) => one.dag_id).join(', ')}`)
  if (runs.length === 0 && tasks.length > 0) {
    parts.push(`Tasks: ${tasks.map(({ dag_id, task_id }) => `${dag_id}.${task_id}`).join(', ')}`)
  }
  return parts.join('\n\n')
}

function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`
}
