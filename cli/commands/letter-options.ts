/** How commands choose dead letters: by name, or by what they are of. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import type { LetterQuery } from '../../webserver/schemas/dead-letter.ts'
import { moment, oneOf } from '../argument-kinds.ts'
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import type { leaf } from '../leaf-command.ts'

/** For a command without arguments or options of its own: over an unknown type `tsc` does not come to an end with them. */
export function filtered(command: ReturnType<typeof leaf<string>>) {
  return command
    .option('--dag <dag>', 'only of this Dag')
    .option('--run <run>', 'only of this run; with --dag')
    .option('--task <task>', 'only of this task')
    .option('--kind <kind>', 'task or compensation', oneOf(['task', 'compensation']))
    .option('--fingerprint <fingerprint>', 'only of this fault, as `groups` names it')
    .option('--correlation <id>', 'only of runs of this business id')
    .option('--since <time>', 'only later ones: 2h, today, or a date', moment)
    .option('--until <time>', 'only earlier ones', moment)
    .option('--text <text>', 'only those with this in their message')
}

interface Filter {
  readonly dag?: string | undefined
  readonly run?: string | undefined
  readonly task?: string | undefined
  readonly kind?: 'task' | 'compensation' | undefined
  readonly fingerprint?: string | undefined
  readonly correlation?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly text?: string | undefined
}

export function filterOf(options: Filter): LetterQuery {
  if (options.run !== undefined && options.dag === undefined) {
    throw new CommandFailure('--run names a run of a Dag.', 'Add --dag.', EXIT_USAGE)
  }
  return {
    ...(options.dag === undefined ? {} : { dag_id: options.dag }),
    ...(options.run === undefined ? {} : { dag_run_id: options.run }),
    ...(options.task === undefined ? {} : { task_id: options.task }),
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    ...(options.fingerprint === undefined ? {} : { fingerprint: options.fingerprint }),
    ...(options.correlation === undefined ? {} : { correlation_id: options.correlation }),
    ...times(options),
    ...(options.text === undefined ? {} : { text: options.text }),
  }
}

export function times({ since, until }: Pick<Filter, 'since' | 'until'>) {
  return {
    ...(since === undefined ? {} : { at_gte: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { at_lte: new Date(until).toISOString() }),
  }
}

export function letterName(text: string): string {
  if (/^\d{1,15}-\d{1,9}$/.test(text)) return text
  throw new InvalidArgumentError(
    'Give the name of a dead letter, such as 17-4; `tradewind dead-letters list` shows them.',
  )
}

export function letterNames(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), letterName(text)]
}
