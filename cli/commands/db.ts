/** `db`: the schema, and moving everything between servers and versions. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { settingOf } from '../../core/config/schema.ts'
import { positive } from '../argument-kinds.ts'
import { CommandFailure, EXIT_FAILED, EXIT_USAGE } from '../command-failure.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { table } from '../output.ts'
import { DRAINING } from '../terminal/activity.ts'
import { withProgress } from '../terminal/progress-line.ts'

export function addDbCommands(group: Command, context: CommandContext): void {
  leaf(group, 'migrate', "brings the database to this program's schema; the program does it at every start").action(
    async (options) => {
      const { output, program } = begin(context, options)
      const { migrateSchema } = await import('../database-work.ts')
      const { from, to } = await withProgress(process.stderr, 'migrating', () => migrateSchema(program))
      output.answer({ from, to }, () =>
        from === to ? `The schema is at version ${to} already.` : `The schema went from version ${from} to ${to}.`,
      )
    },
  )

  leaf(group, 'check', 'whether the database answers and has the right schema').action(async (options) => {
    const { output, program } = begin(context, options)
    const { checkDatabase } = await import('../database-work.ts')
    const { schema, expected, draining } = await checkDatabase(program)
    const ok = schema === expected
    output.answer({ ok, schema, expected, draining }, () => {
      if (ok) return `The database answers; its schema is at version ${schema}.`
      const remedy = schema < expected ? 'Run: tradewind db migrate' : 'Start a newer Tradewind.'
      return `The schema is at version ${schema}, this program has ${expected}. ${remedy}`
    })
    if (draining) output.note(`The platform is ${DRAINING}.`)
    if (!ok) context.setExitCode(EXIT_FAILED)
  })

  leaf(group, 'export', 'writes everything to a file (gzip); secrets stay encrypted')
    .argument('<file>')
    .option('--force', 'overwrite the file')
    .action(async (file, options) => {
      const { output, program } = begin(context, options)
      const path = resolve(file)
      if (existsSync(path) && options.force !== true) {
        throw new CommandFailure(`${path} is there already.`, 'Name another file, or add --force.', EXIT_USAGE)
      }
      const { exportTo } = await import('../database-work.ts')
      const result = await moving('exported', (onProgress) => exportTo(program, path, onProgress))
      output.answer({ file: path, ...result }, () => {
        const keys = result.secrets === 0 ? '' : `\n${result.secrets} values are encrypted: keep the secret key too.`
        return `Exported ${result.rows} rows to ${path}.${keys}`
      })
    })

  leaf(group, 'import', 'reads such a file into an empty database')
    .argument('<file>')
    .action(async (file, options) => {
      const { output, program } = begin(context, options)
      const path = resolve(file)
      if (!existsSync(path)) throw new CommandFailure(`There is no file ${path}.`, null, EXIT_USAGE)
      const { importFrom } = await import('../database-work.ts')
      const result = await moving('imported', (onProgress) => importFrom(program, path, onProgress))
      output.answer({ file: path, ...result }, () => `Imported ${result.rows} rows from ${path}.`)
    })

  leaf(group, 'clean', 'deletes what is older than it is kept; the program does it every day')
    .option('--keep <duration>', 'how long everything is kept, such as 90d, in place of retention.*', keep)
    .option('--dry-run', 'only says what would go')
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const dryRun = options.dryRun === true
      const { cleanNow } = await import('../database-work.ts')
      const lines = await cleanNow(program, { keepMs: options.keep ?? null, dryRun, now: Date.now() })
      if (lines === null) throw new CommandFailure('Another cleaning is under way.', 'Wait for it to end.')
      output.answer({ dryRun, cleaned: lines }, () =>
        table(
          ['what', dryRun ? 'would go' : 'gone', 'size of all of it'],
          lines.map((line) => [line.what, line.count, `${(line.bytes / 1_048_576).toFixed(1)} MB`]),
        ),
      )
    })

  leaf(group, 'verify-events', 'whether the newest runs are what their events say')
    .option('--dag <dag>', 'only runs of this Dag')
    .option('-n, --limit <number>', 'how many of the newest', positive, 100)
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const { dag, limit } = options
      const { verifyHistory } = await import('../database-work.ts')
      const found = await verifyHistory(program, { limit, ...(dag === undefined ? {} : { dagId: dag }) })
      output.answer(found, () => {
        const untold =
          found.untold === 0 ? '' : ` Of ${found.untold} it cannot be told: their events are not all there.`
        const lines = found.different.flatMap(({ dag_id, dag_run_id, differences }) =>
          differences.map((text) => `${dag_id} ${dag_run_id}: ${text}`),
        )
        return [`${found.equal} runs are what their events say.${untold}`, ...lines].join('\n')
      })
      if (found.different.length > 0) context.setExitCode(EXIT_FAILED)
    })
}

/** At least a day: less is a slip of the finger. */
function keep(text: string): number {
  try {
    return settingOf('retention.events').parse(text) as number
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

function moving<T>(done: string, work: (onProgress: (rows: number) => void) => Promise<T>): Promise<T> {
  return withProgress(process.stderr, `0 rows ${done}`, (progress) =>
    work((rows) => progress.say(`${rows} rows ${done}`)),
  )
}
