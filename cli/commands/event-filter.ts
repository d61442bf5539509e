/** Options that say which events: the same for `events` and `events count`. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { RUN_STATES, TI_STATES } from '../../core/states.ts'
import { moment, oneOf } from '../argument-kinds.ts'
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import type { leaf } from '../leaf-command.ts'
import type { EventFilter, Platform } from '../platform/platform.ts'

const STATES = [...new Set([...TI_STATES, ...RUN_STATES])]

export function withEventFilter(command: ReturnType<typeof leaf<string>>) {
  return command
    .option('--correlation <id>', 'only of the runs of this business id, or of the run of this number')
    .option('--dag <dag>', 'only of this Dag')
    .option('--run <run>', 'only of this run; with --dag')
    .option('--task <task>', 'only of this task, in whatever run')
    .option('--state <state>', 'only runs and task instances that came into it; may be repeated', states, [])
    .option('--kind <kind>', 'such as ti.failed, or "run." for all of runs; may be repeated', several, [])
    .option('--actor <actor>', 'such as user:anna, or "user:" for all users')
    .option('--since <time>', '2h, 30min, 7d, today, or an instant', moment)
    .option('--until <time>', 'as --since', moment)
}

interface FilterOptions {
  readonly correlation?: string | undefined
  readonly dag?: string | undefined
  readonly run?: string | undefined
  readonly task?: string | undefined
  readonly state: readonly string[]
  readonly kind: readonly string[]
  readonly actor?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
}

export async function filterOf(platform: Platform, options: FilterOptions): Promise<EventFilter> {
  const { correlation, dag, run, task, state, kind, actor, since, until } = options
  if (run !== undefined && dag === undefined) {
    throw new CommandFailure('--run names a run of a Dag.', 'Add --dag.', EXIT_USAGE)
  }
  return {
    kinds: [...kind, ...state.flatMap((one) => [`ti.${one}`, `run.${one}`])],
    ...(correlation === undefined ? {} : { correlation }),
    ...(dag === undefined ? {} : { dagId: dag }),
    ...(dag === undefined || run === undefined ? {} : { run: await platform.run(dag, run) }),
    ...(task === undefined ? {} : { taskId: task }),
    ...(actor === undefined ? {} : { actor }),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
  }
}

function several(text: string, before: readonly string[]): readonly string[] {
  if (!/^[a-z]+(-[a-z]+)*(_[a-z]+)*(\.[a-z_]*)?$/.test(text)) {
    throw new InvalidArgumentError('Give a kind such as ti.failed, or its first part with a dot, such as "run.".')
  }
  return [...before, text]
}

function states(text: string, before: readonly string[]): readonly string[] {
  return [...before, oneOf(STATES)(text)]
}
