/** `dead-letters`: the failures for good, to look into, to run again, to discard with a reason. */
import type { Command } from '@commander-js/extra-typings'
import { moment, oneOf, positive } from '../argument-kinds.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { instantText, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { safeText } from '../terminal/safe-text.ts'
import { addLetterChanges } from './change-letters.ts'
import { filtered, filterOf, letterName, times } from './letter-options.ts'

const STATUSES = ['open', 'redriven', 'discarded'] as const
type Status = (typeof STATUSES)[number]
/** The most the API gives at once. */
const PAGE = 1_000

const statusOf = (status: Status | undefined) => (status === undefined ? {} : { status: [status] })

export function addDeadLettersCommands(group: Command, context: CommandContext): void {
  filtered(leaf(group, 'list', 'dead letters, newest first; open ones unless a status is named'))
    .option('--status <status>', STATUSES.join(', '), oneOf(STATUSES))
    .option('-n, --limit <number>', 'how many', positive, 25)
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const { dead_letters: letters } = await withPlatform(program, 'existing', async (platform) => {
        const query = { ...filterOf(options), ...statusOf(options.status) }
        const found = await platform.letters({ ...query, limit: Math.min(PAGE, options.limit) })
        for (let next = found.next_cursor; next !== null && found.dead_letters.length < options.limit; ) {
          const limit = Math.min(PAGE, options.limit - found.dead_letters.length)
          const page = await platform.letters({ ...query, limit, cursor: next })
          found.dead_letters.push(...page.dead_letters)
          next = page.next_cursor
        }
        return found
      })
      output.answer(letters, () =>
        letters.length === 0
          ? 'No dead letters.'
          : table(
              ['letter', 'at', 'dag', 'run', 'task', 'kind', 'undone', 'status', 'message'],
              letters.map((letter) => [
                letter.id,
                instantText(letter.at),
                letter.dag_id,
                letter.dag_run_id,
                letter.map_index < 0 ? letter.task_id : `${letter.task_id}[${letter.map_index}]`,
                letter.kind,
                letter.compensation,
                letter.status,
                letter.message,
              ]),
            ),
      )
    })

  leaf(group, 'groups', 'dead letters by fingerprint, that is, probably by fault')
    .option('--dag <dag>', 'only of this Dag')
    .option('--since <time>', 'only later ones: 2h, today, or a date', moment)
    .option('--until <time>', 'only earlier ones', moment)
    .option('--status <status>', STATUSES.join(', '), oneOf(STATUSES))
    .option('-n, --limit <number>', 'how many', positive, 25)
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const { groups } = await withPlatform(program, 'existing', (platform) =>
        platform.letterGroups({
          ...(options.dag === undefined ? {} : { dag_id: options.dag }),
          ...times(options),
          ...statusOf(options.status),
          limit: Math.min(PAGE, options.limit),
        }),
      )
      output.answer(groups, () =>
        groups.length === 0
          ? 'No dead letters.'
          : table(
              ['fingerprint', 'letters', 'first', 'last', 'tasks', 'message of the newest'],
              groups.map((one) => [
                one.fingerprint,
                one.count,
                instantText(one.first_at),
                instantText(one.last_at),
                one.tasks.map(({ dag_id, task_id }) => `${dag_id}.${task_id}`).join(' '),
                one.message,
              ]),
            ),
      )
    })

  leaf(group, 'show', 'one dead letter with its cause, its inputs and the versions')
    .argument('<letter>', 'as `list` names it', letterName)
    .action(async (id, options) => {
      const { output, program } = begin(context, options)
      const letter = await withPlatform(program, 'existing', (platform) => platform.letter(id))
      output.answer(letter, () => letterText(letter))
    })

  addLetterChanges(group, context)
}

type Letter = Awaited<ReturnType<Platform['letter']>>

function letterText(letter: Letter): string {
  const { cause } = letter
  const lines = [
    `${letter.id}: ${letter.dag_id}.${letter.task_id} of ${letter.dag_run_id}, try ${letter.try_number}, ${letter.status}`,
    `failed at ${instantText(letter.at)} (${letter.cause_kind}), strategy ${letter.strategy}`,
    ...(letter.kind === 'compensation' ? [`it was to undo try ${letter.forward_try}`] : []),
    `the run is ${letter.run_state}; what it completed: ${UNDONE[letter.compensation]}`,
    ...(letter.correlation_id === null ? [] : [`correlation ${letter.correlation_id}`]),
    `version ${letter.version_number ?? '-'}, newest ${letter.newest_version_number ?? '-'}; fingerprint ${letter.fingerprint}`,
    ...(letter.actor === null
      ? []
      : [
          `${letter.status} by ${letter.actor} at ${instantText(letter.settled_at)}: ${letter.reason ?? 'no reason given'}`,
        ]),
    '',
    cause?.stack ?? cause?.message ?? letter.message,
  ]
  const inputs = letter.inputs.map((one) => {
    const value = one.truncated ? `${one.start ?? ''}… (${one.bytes} bytes)` : JSON.stringify(one.value)
    return [one.name, one.sources.join(' '), value]
  })
  const given = inputs.length === 0 ? '' : `\n\n${table(['input', 'from', 'value'], inputs)}`
  const replaced =
    letter.input_overrides === null ? '' : `\n\nreplaced by an operator: ${JSON.stringify(letter.input_overrides)}`
  const log = `\n\nIts log: tradewind logs ${letter.dag_id} ${letter.task_id} ${letter.dag_run_id} --try ${letter.try_number}`
  return safeText(`${lines.join('\n')}${given}${replaced}${log}`)
}

const UNDONE: Readonly<Record<Letter['compensation'], string>> = {
  none: 'not undone',
  compensating: 'being undone',
  compensated: 'undone',
  compensation_failed: 'not all of it could be undone',
}
