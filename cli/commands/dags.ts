/** `dags`: what there is, what is wrong with it, what is due next; runs by hand; pausing. */
import type { Command } from '@commander-js/extra-typings'
import { positive } from '../argument-kinds.ts'
import { CommandFailure, EXIT_FAILED } from '../command-failure.ts'
import { confirm } from '../confirm.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { instantText, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Dag } from '../platform/platform.ts'
import { problemText } from '../problem-text.ts'
import { withProgress } from '../terminal/progress-line.ts'
import { noteDraining } from './drain.ts'
import { addTestCommand } from './test-dag.ts'
import { addTriggerCommand } from './trigger.ts'

export function addDagsCommands(group: Command, context: CommandContext): void {
  leaf(group, 'list', 'all Dags')
    .option('--all', 'also those whose file is gone')
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const dags = await withPlatform(program, 'existing', async (platform) => {
        await noteDraining(platform, output)
        return platform.dags({ all: options.all === true })
      })
      output.answer(dags, () =>
        dags.length === 0
          ? `No Dags yet. Put a file into ${program.dagsFolder}.`
          : table(
              ['dag', 'file', 'schedule', 'state', 'next run', 'version'],
              dags.map((dag) => [
                dag.dag_id,
                dag.file,
                dag.schedule_text,
                stateOf(dag),
                instantText(dag.next_run_after),
                dag.version,
              ]),
            ),
      )
    })

  leaf(group, 'errors', 'Dag files that were not taken, and warnings').action(async (options) => {
    const { output, program } = begin(context, options)
    const { importErrors } = await import('../platform/local-dags.ts')
    const errors = await importErrors(program)
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
      const { nextTicks } = await import('../platform/local-dags.ts')
      const { timezone, isPaused, scheduleText, fires } = await nextTicks(program, dagId, options.count)
      const rows = fires.map((fire) => ({
        logical_date: new Date(fire.logicalDate).toISOString(),
        run_after: new Date(fire.runAfter).toISOString(),
        local: localTime(fire.runAfter, timezone),
      }))
      output.answer({ dag_id: dagId, timezone, is_paused: isPaused, next: rows }, () => {
        if (rows.length === 0) return `${dagId} has no next tick (${scheduleText}).`
        const drawn = table(
          ['run after', `in ${timezone}`, 'logical date'],
          rows.map((row) => [row.run_after, row.local, row.logical_date]),
        )
        return isPaused ? `${drawn}\n${dagId} is paused: none of these will run until it is unpaused.` : drawn
      })
    })

  addTriggerCommand(group, context)

  for (const kind of ['pause', 'unpause'] as const) {
    const description = kind === 'pause' ? 'no more runs until it is unpaused' : 'runs again by its schedule'
    leaf(group, kind, description)
      .argument('<dag>')
      .action(async (dagId, options) => {
        const { output, program } = begin(context, options)
        const answer = await withPlatform(program, 'running', (platform) => platform.setPaused(dagId, kind === 'pause'))
        output.answer(answer, () => `${dagId} is ${kind}d.`)
      })
  }
  leaf(group, 'delete', 'deletes a Dag with its runs, task instances, tries and XComs; its events stay')
    .argument('<dag>')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId, options) => {
      const { output, program } = begin(context, options)
      const deleted = await withPlatform(program, 'running', async (platform) => {
        const found = (await platform.dags({ all: true })).find((dag) => dag.dag_id === dagId)
        if (found === undefined) {
          throw new CommandFailure(`There is no Dag "${dagId}".`, 'See: tradewind dags list --all')
        }
        const state = found.is_active
          ? `${dagId} is declared by ${found.file}: it comes back as a new Dag when that file is next parsed.`
          : `The file of ${dagId} is gone.`
        const plan = `${state} All of its runs are deleted with it.`
        if (!(await confirm(output, options, plan, 'Delete it?'))) return null
        await withProgress(process.stderr, `deleting ${dagId}`, () => platform.deleteDag(dagId))
        return found
      })
      output.answer(deleted === null ? null : { dag_id: dagId, file: deleted.file, deleted: true }, () => {
        if (deleted === null) return 'Nothing was changed.'
        const back = deleted.is_active ? ` While ${deleted.file} declares it, it comes back as a new Dag.` : ''
        return `Deleted ${dagId}.${back}`
      })
    })
  addTestCommand(group, context)
}

function stateOf(dag: Dag): string {
  if (!dag.is_active) return 'file gone'
  return dag.is_paused ? 'paused' : 'active'
}

function localTime(at: number, timezone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'long' }).format(at)
}
