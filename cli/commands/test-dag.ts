/** `dags test`: a Dag of one file, once, without a database. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { date, jsonText } from '../argument-kinds.ts'
import { EXIT_FAILED } from '../command-failure.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { elapsed, table } from '../output.ts'
import { problemText } from '../problem-text.ts'
import { shedSecrets } from '../secret-handover.ts'
import { safeColouredText } from '../terminal/safe-text.ts'

export function addTestCommand(group: Command, context: CommandContext): void {
  leaf(group, 'test', 'runs a Dag of a file once, here, without a database')
    .argument('<file>')
    .option('--dag <id>', 'which one, when the file declares several')
    .option('--conf <json>', 'params of the run, a JSON object', jsonText)
    .option('--logical-date <date>', 'its logical date, ISO 8601 with zone; now when left out', date)
    .option('--variable <key=value>', 'a variable for its tasks; may be repeated', variable, new Map<string, string>())
    .action(async (file, options) => {
      await shedSecrets()
      const { output, program } = begin(context, options)
      const { testDag } = await import('../test-dag.ts')
      const result = await testDag(program, {
        file,
        variables: options.variable,
        ...(options.dag === undefined ? {} : { dagId: options.dag }),
        ...(options.conf === undefined ? {} : { conf: options.conf }),
        ...(options.logicalDate === undefined ? {} : { logicalDate: options.logicalDate }),
        onLog: (address, line) => {
          const number = address.tryNumber > 1 ? ` (try ${address.tryNumber})` : ''
          output.note(`${address.taskId}${number}: ${safeColouredText(line.text)}`)
        },
        log: (line) => output.note(line),
      })
      if (result.kind === 'broken') {
        output.answer({ state: 'broken', problems: result.problems }, () => result.problems.map(problemText).join('\n'))
        context.setExitCode(EXIT_FAILED)
        return
      }
      const { run, tis, tries, results } = result
      const shown = tis.map((ti) => {
        const last = tries.findLast((one) => one.tiId === ti.id)
        const json = results.get(ti.id)
        return {
          task_id: ti.taskId,
          state: ti.state,
          try_number: ti.tryNumber,
          took: elapsed(ti.startDate, ti.endDate),
          result: json === undefined ? null : (JSON.parse(json) as unknown),
          cause: last?.cause ?? null,
        }
      })
      output.answer({ dag_id: run.dagId, state: run.state, task_instances: shown }, () => {
        const rows = shown.map((one) => [
          one.task_id,
          one.state,
          one.try_number,
          one.took,
          one.cause === null || one.state === 'success' ? short(JSON.stringify(one.result)) : one.cause.message,
        ])
        return `${table(['task', 'state', 'try', 'took', 'result'], rows)}\n\n${run.dagId}: ${run.state}`
      })
      if (run.state !== 'success') context.setExitCode(EXIT_FAILED)
    })
}

const MOST_CHARACTERS = 80

function short(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`
}

function variable(text: string, known: Map<string, string>): Map<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Give key=value.')
  return new Map(known).set(text.slice(0, at), text.slice(at + 1))
}
