/**
 * `dead-letters redrive` and `discard`: the letters are shown and asked about, unless it is one by its name; then they are
 * changed, in as many requests as it takes.
 */
import type { Command } from '@commander-js/extra-typings'
import type { LetterSelection } from '../../webserver/letters/change-letters.ts'
import type { LetterQuery } from '../../webserver/schemas/dead-letter.ts'
import { jsonText } from '../argument-kinds.ts'
import { CommandFailure, EXIT_FAILED, EXIT_USAGE } from '../command-failure.ts'
import { type Consent, confirm } from '../confirm.ts'
import { begin, type CommandContext, leaf, type Started } from '../leaf-command.ts'
import { table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { LettersChange, Platform } from '../platform/platform.ts'
import { filtered, filterOf, letterNames } from './letter-options.ts'

export function addLetterChanges(group: Command, context: CommandContext): void {
  filtered(
    leaf(
      group,
      'redrive',
      'runs what failed for good again, with all below it: letters by name, or all open ones that fit',
    ),
  )
    .argument('[letters...]', 'as `list` names them', letterNames)
    .option('--newest', 'on the newest version of the Dag')
    .option('--new-keys', 'with new idempotency keys: what was done before is to be done again')
    .option('--input <json>', 'arguments in place of those it had, a JSON object; for one letter', jsonText)
    .option('--dry-run', 'only list them')
    .option('-y, --yes', 'do not ask')
    .action(async (ids, options) => {
      const started = begin(context, options)
      const selection = selectionOf(ids, filterOf(options))
      if (options.input !== undefined && selection.ids?.length !== 1) {
        throw new CommandFailure('--input goes with one letter.', 'Name it, or leave --input out.', EXIT_USAGE)
      }
      const how = {
        newest: options.newest === true,
        newKeys: options.newKeys === true,
        ...(options.input === undefined ? {} : { inputs: options.input }),
      }
      await change(started, context, selection, options, {
        carryOut: (platform, letters, dryRun) => platform.redrive(letters, how, dryRun),
        question: 'Run them again?',
        done: 'redriven',
      })
    })

  filtered(leaf(group, 'discard', 'takes letters out of the open ones, for a reason: by name, or all that fit'))
    .argument('[letters...]', 'as `list` names them', letterNames)
    .requiredOption('--reason <text>', 'why nothing is to be done about them')
    .option('--dry-run', 'only list them')
    .option('-y, --yes', 'do not ask')
    .action(async (ids, options) => {
      const started = begin(context, options)
      await change(started, context, selectionOf(ids, filterOf(options)), options, {
        carryOut: (platform, letters, dryRun) => platform.discard(letters, options.reason, dryRun),
        question: 'Discard them?',
        done: 'discarded',
      })
    })
}

function selectionOf(ids: readonly string[], filter: LetterQuery): LetterSelection {
  const isFiltered = Object.keys(filter).length > 0
  if (ids.length > 0 && isFiltered) {
    throw new CommandFailure('Letters are named, and chosen by what they are of.', 'Do one of the two.', EXIT_USAGE)
  }
  if (ids.length > 0) return { ids }
  if (isFiltered) return { filter }
  throw new CommandFailure(
    'No letter is chosen.',
    'Name letters (tradewind dead-letters list), or choose them: --fingerprint, --dag, --task, --since, ...',
    EXIT_USAGE,
  )
}

interface Verb {
  carryOut(platform: Platform, letters: LetterSelection, dryRun: boolean): Promise<LettersChange>
  readonly question: string
  readonly done: string
}

async function change(
  { program, output }: Started,
  context: CommandContext,
  selection: LetterSelection,
  consent: Consent,
  verb: Verb,
): Promise<void> {
  const isDry = consent.dryRun === true
  await withPlatform(program, isDry ? 'existing' : 'running', async (platform) => {
    const isOne = selection.ids?.length === 1
    if (isDry || !isOne) {
      const plan = await verb.carryOut(platform, selection, true)
      if (isDry || plan.letters.length === 0) {
        output.answer(plan, () => planText(plan))
        return
      }
      if (!(await confirm(output, consent, planText(plan), verb.question))) {
        output.answer({ ...plan, letters: [] }, () => 'Nothing was changed.')
        return
      }
    }
    const answer = await carryOutAll(platform, selection, verb)
    output.answer(answer, () => doneText(answer, verb.done))
    if (answer.done < answer.letters.length || answer.unknown.length > 0) context.setExitCode(EXIT_FAILED)
  })
}

/** A filter chooses open letters only, so the same request goes on with the next ones. */
async function carryOutAll(platform: Platform, selection: LetterSelection, verb: Verb): Promise<LettersChange> {
  let whole = await verb.carryOut(platform, selection, false)
  // Where a whole request came to nothing the next one would, too.
  for (let last = whole; selection.ids === undefined && last.more && last.done > 0; ) {
    last = await verb.carryOut(platform, selection, false)
    whole = {
      ...last,
      letters: [...whole.letters, ...last.letters],
      done: whole.done + last.done,
      refused: whole.refused + last.refused,
    }
  }
  return whole
}

function planText({ letters, unknown, more }: LettersChange): string {
  const missing = unknown.length === 0 ? '' : `\nThere are no letters ${unknown.join(', ')}.`
  if (letters.length === 0) return `No dead letters fit.${missing}`
  const rows = letters.map((one) => [
    one.id,
    one.dag_id,
    one.dag_run_id,
    one.map_index < 0 ? one.task_id : `${one.task_id}[${one.map_index}]`,
    one.kind,
    one.status,
  ])
  const rest = more ? '\nand more' : ''
  return `${table(['letter', 'dag', 'run', 'task', 'kind', 'is'], rows)}${rest}${missing}`
}

function doneText({ letters, done, unknown }: LettersChange, word: string): string {
  const count = done === 1 ? '1 dead letter is' : `${done} dead letters are`
  const others = letters.filter((one) => one.outcome !== 'done')
  const why = others.map((one) => `${one.id}: ${one.message ?? 'not sent, because an answer before it is still due'}`)
  const missing = unknown.map((id) => `${id}: there is no such letter`)
  return [`${count} ${word}.`, ...why, ...missing].join('\n')
}
