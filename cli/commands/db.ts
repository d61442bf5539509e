/** `db`: the schema, and moving everything between servers and versions. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { settingOf } from '../../core/config/schema.ts'
import { migrate, migrations, schemaVersion } from '../../database/migrations/migrate.ts'
import { exportDatabase } from '../../database/transfer/export-database.ts'
import { importDatabase } from '../../database/transfer/import-database.ts'
import { clean } from '../clean.ts'
import { CommandFailure, EXIT_FAILED, EXIT_USAGE } from '../command-failure.ts'
import { dataFolder } from '../data-folder.ts'
import { type Connection, type Database, reachDatabase, type Wanted, withDatabase } from '../database-access.ts'
import { explainingConnection } from '../explain-connection-error.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import type { ProgramConfig } from '../load-config.ts'
import { table } from '../output.ts'
import { withProgress } from '../terminal/progress-line.ts'

export function addDbCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('db').description('the database: schema, export, import')

  leaf(group, 'migrate', "brings the database to this program's schema; the program does it at every start").action(
    async (options) => {
      const { output, program } = begin(context, options)
      const { from, to } = await reach(program, 'any', ({ connection }) =>
        withProgress(process.stderr, 'migrating', () => migrate(connection)),
      )
      output.answer({ from, to }, () =>
        from === to ? `The schema is at version ${to} already.` : `The schema went from version ${from} to ${to}.`,
      )
    },
  )

  leaf(group, 'check', 'whether the database answers and has the right schema').action(async (options) => {
    const { output, program } = begin(context, options)
    const expected = migrations.at(-1)?.version ?? 0
    const found = await reach(program, 'existing', ({ connection }) => schemaVersion(connection))
    const ok = found === expected
    output.answer({ ok, schema: found, expected }, () => {
      if (ok) return `The database answers; its schema is at version ${found}.`
      const remedy = found < expected ? 'Run: tradewind db migrate' : 'Start a newer Tradewind.'
      return `The schema is at version ${found}, this program has ${expected}. ${remedy}`
    })
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
      const result = await reach(program, 'existing', ({ connection }) =>
        moving('exported', exportTo(connection, path)),
      )
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
      const result = await reach(program, 'any', async ({ connection }) => {
        return moving('imported', (onProgress) => importDatabase(connection, path, onProgress))
      })
      output.answer({ file: path, ...result }, () => `Imported ${result.rows} rows from ${path}.`)
    })

  leaf(group, 'clean', 'deletes what is older than it is kept; the program does it every day')
    .option('--keep <duration>', 'how long everything is kept, such as 90d, in place of retention.*', keep)
    .option('--dry-run', 'only says what would go')
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const dryRun = options.dryRun === true
      const lines = await withDatabase(program, { need: 'existing' }, (pool) =>
        clean({
          pool,
          logsDir: dataFolder(program.dataFolder).logs,
          config: program.config,
          keepMs: options.keep ?? null,
          dryRun,
          now: Date.now(),
        }),
      )
      if (lines === null) throw new CommandFailure('Another cleaning is under way.', 'Wait for it to end.')
      output.answer({ dryRun, cleaned: lines }, () =>
        table(
          ['what', dryRun ? 'would go' : 'gone', 'size of all of it'],
          lines.map((line) => [line.what, line.count, `${(line.bytes / 1_048_576).toFixed(1)} MB`]),
        ),
      )
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

function exportTo(connection: Connection, path: string) {
  return (onProgress: (rows: number) => void) => exportDatabase(connection, path, onProgress)
}

function moving<T>(done: string, work: (onProgress: (rows: number) => void) => Promise<T>): Promise<T> {
  return withProgress(process.stderr, `0 rows ${done}`, (progress) =>
    work((rows) => progress.say(`${rows} rows ${done}`)),
  )
}

async function reach<T>(program: ProgramConfig, need: Wanted['need'], work: (database: Database) => Promise<T>) {
  const database = await reachDatabase(program, { need })
  try {
    return await explainingConnection(program.config['database.url'], () => work(database))
  } finally {
    await database.close()
  }
}
