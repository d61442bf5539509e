/** `variables`: named values that tasks ask for. Values of secrets come from standard input. */
import type { Command } from '@commander-js/extra-typings'
import { MOST_VALUES } from '../../core/records.ts'
import { rowName } from '../argument-kinds.ts'
import { CommandFailure } from '../command-failure.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { VariableInput } from '../platform/platform.ts'
import { readSecretInput } from '../read-secret-input.ts'
import { fieldsOf, optionalText } from '../record-file.ts'
import { addDeleteCommand, addExportCommand, addImportCommand, type RecordKind } from './named-records.ts'

const KIND: RecordKind = { noun: 'variable', key: 'key', need: 'existing' }

export function addVariablesCommands(group: Command, context: CommandContext): void {
  leaf(group, 'set', 'makes or changes a variable; without a value it is read from standard input')
    .argument('<key>', 'its name', rowName)
    .argument('[value]')
    .option('--secret', 'encrypt it, and mask it in logs')
    .option('--description <text>')
    .action(async (key, value, options) => {
      const { output, program } = begin(context, options)
      const isSecret = options.secret === true
      if (isSecret && value !== undefined) {
        output.note(
          'A secret given as an argument stays in the history of the shell; better give it on standard input.',
        )
      }
      const text = value ?? (await readSecretInput(`Value of ${key}`))
      await withPlatform(program, 'existing', (platform) =>
        platform.setVariables([{ key, value: text, isSecret, description: options.description ?? null }]),
      )
      output.answer({ key, is_secret: isSecret }, () => `Set ${key}${isSecret ? ' (secret)' : ''}.`)
    })

  leaf(group, 'get', 'the value of a variable')
    .argument('<key>')
    .option('--reveal', 'also that of a secret')
    .action(async (key, options) => {
      const { output, program } = begin(context, options)
      const found = await withPlatform(program, 'existing', (platform) =>
        platform.variable(key, options.reveal === true),
      )
      if (found === null) throw new CommandFailure(`There is no variable "${key}".`, 'See: tradewind variables list')
      const shown = found.value ?? '***'
      if (found.value === null) output.note('It is a secret: --reveal prints it.')
      output.answer({ ...found, value: shown }, () => shown)
    })

  leaf(group, 'list', 'all variables; secrets without their values').action(async (options) => {
    const { output, program } = begin(context, options)
    const found = await withPlatform(program, 'existing', (platform) => platform.variables())
    const rows = found.map((one) => ({ ...one, value: one.value ?? '***' }))
    output.answer(rows, () =>
      rows.length === 0
        ? 'No variables.'
        : table(
            ['key', 'value', 'description'],
            rows.map((row) => [row.key, row.value, row.description]),
          ),
    )
  })

  addDeleteCommand(group, context, KIND, 'deletes a variable', (platform, key) => platform.deleteVariable(key))

  addExportCommand(group, context, {
    description: 'writes all variables into a JSON file; secrets are left out',
    secrets: 'also the secrets, as plain text',
    collect: async (platform, withSecrets) => {
      const records: Record<string, unknown> = {}
      const all = await platform.variables()
      for (const { key, description, is_secret, ...one } of all) {
        if (is_secret && !withSecrets) continue
        const value = is_secret ? ((await platform.variable(key, true))?.value ?? null) : one.value
        records[key] = { value, description, is_secret }
      }
      const secrets = all.filter((one) => one.is_secret).length
      return { records, notes: secrets === 0 ? [] : [withSecrets ? plainTextWarning(secrets) : leftOut(secrets)] }
    },
  })

  addImportCommand(group, context, KIND, {
    description: 'makes or changes the variables of such a file, or of one that Airflow has exported',
    readOne: readVariable,
    nameOf: (one) => one.key,
    target: async (platform) => {
      const known = new Map((await platform.variables()).map((one) => [one.key, one.is_secret]))
      return {
        known: new Set(known.keys()),
        // A secret stays one unless the file says otherwise.
        atOnce: MOST_VALUES,
        save: (some) =>
          platform.setVariables(
            some.map(({ isSecret, ...one }) => ({ ...one, isSecret: isSecret ?? known.get(one.key) === true })),
          ),
      }
    },
  })
}

function leftOut(secrets: number): string {
  return `Left out: ${secrets} secret variables. --secrets writes them too, as plain text.`
}

function plainTextWarning(secrets: number): string {
  return `Warning: it holds ${secrets} secrets as plain text. Delete it when it has served.`
}

type FileVariable = Omit<VariableInput, 'isSecret'> & { readonly isSecret: boolean | undefined }

/** `{ value, description?, is_secret? }`, or the value itself. Values that are no text are kept as JSON text. */
function readVariable(key: string, given: unknown): FileVariable {
  const isRecord = typeof given === 'object' && given !== null && !Array.isArray(given) && 'value' in given
  const fields = isRecord ? fieldsOf(given, ['value', 'description', 'is_secret']) : { value: given }
  const { value, is_secret: isSecret } = fields
  if (value === null) throw new Error('it has no value')
  if (isSecret !== undefined && typeof isSecret !== 'boolean') throw new Error('is_secret must be true or false')
  return {
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    isSecret,
    description: optionalText(fields, 'description'),
  }
}
