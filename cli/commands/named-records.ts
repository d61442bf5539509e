/** What `variables`, `connections` and `pools` have in common: `delete`, and `export` and `import` of JSON files. */
import type { Command } from '@commander-js/extra-typings'
import { CommandFailure } from '../command-failure.ts'
import type { Wanted } from '../database-access.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { exportRecords, importRecords, readRecords } from '../record-file.ts'

export interface RecordKind {
  readonly noun: 'variable' | 'connection' | 'pool'
  /** What its name is called in answers. */
  readonly key: 'key' | 'id' | 'name'
  /** Of the database, for changes. */
  readonly need: Wanted['need']
}

/** `remove` tells whether there was one. */
export function addDeleteCommand(
  group: Command,
  context: CommandContext,
  { noun, key, need }: RecordKind,
  description: string,
  remove: (platform: Platform, name: string) => Promise<boolean>,
): void {
  leaf(group, 'delete', description)
    .argument(`<${key}>`)
    .action(async (name, options) => {
      const { output, program } = begin(context, options)
      const was = await withPlatform(program, need, (platform) => remove(platform, name))
      if (!was) throw new CommandFailure(`There is no ${noun} "${name}".`, `See: tradewind ${noun}s list`)
      output.answer({ [key]: name, deleted: true }, () => `Deleted ${name}.`)
    })
}

interface Collected {
  readonly records: Readonly<Record<string, unknown>>
  /** What was left out, or is in it as plain text. */
  readonly notes: readonly string[]
}

export function addExportCommand(
  group: Command,
  context: CommandContext,
  what: {
    readonly description: string
    /** What `--secrets` does; `null` where there are none. */
    readonly secrets: string | null
    collect(platform: Platform, withSecrets: boolean): Promise<Collected>
  },
): void {
  const command = leaf(group, 'export', what.description)
    .argument('<file>', '- for standard output')
    .option('--force', 'overwrite a file that is there')
  if (what.secrets !== null) command.option('--secrets', what.secrets)
  command.action(async (file, options) => {
    const { output, program } = begin(context, options)
    const withSecrets = 'secrets' in options && options.secrets === true
    const { records, notes } = await withPlatform(program, 'existing', (platform) =>
      what.collect(platform, withSecrets),
    )
    for (const note of notes) output.note(note)
    exportRecords(output, file, records, options)
  })
}

interface Target<T> {
  /** Names that are there. */
  readonly known: ReadonlySet<string>
  /** How many are saved together. */
  readonly atOnce: number
  save(records: readonly T[]): Promise<unknown>
}

export function addImportCommand<T>(
  group: Command,
  context: CommandContext,
  { need }: RecordKind,
  what: {
    readonly description: string
    readOne(name: string, value: unknown): T
    nameOf(record: T): string
    target(platform: Platform): Promise<Target<T>>
  },
): void {
  leaf(group, 'import', what.description)
    .argument('<file>', '- for standard input')
    .option('--skip-existing', 'leave those alone that are there')
    .action(async (file, options) => {
      const { output, program } = begin(context, options)
      const records = readRecords(file, what.readOne)
      await withPlatform(program, need, async (platform) => {
        const { known, atOnce, save } = await what.target(platform)
        const skipExisting = options.skipExisting === true
        await importRecords(output, records, { known, atOnce, nameOf: what.nameOf, skipExisting, save })
      })
    })
}
