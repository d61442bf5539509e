/** `variables`, `connections`, `secrets rotate`: what tasks may ask for. Values of secrets come from standard input. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { deleteConnection, listConnections, saveConnection } from '../../database/connections.ts'
import { readHealth } from '../../database/queries/overview.ts'
import { addKey } from '../../database/secrets/key-file.ts'
import { rotateSecrets } from '../../database/secrets/rotate-secrets.ts'
import { deleteVariable, listVariables, readVariable, saveVariable } from '../../database/variables.ts'
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import { dataFolder } from '../data-folder.ts'
import { withDatabase } from '../database-access.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { openSecrets } from '../open-secrets.ts'
import { instant, table } from '../output.ts'
import { readSecretInput } from '../read-secret-input.ts'
import { safeText } from '../terminal/safe-text.ts'
import { jsonText } from './dags.ts'

export function addVariablesCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('variables').description('named values that tasks ask for')

  leaf(group, 'set', 'makes or changes a variable; without a value it is read from standard input')
    .argument('<key>', 'its name', rowName)
    .argument('[value]')
    .option('--secret', 'encrypt it, and mask it in logs')
    .option('--description <text>')
    .action(async (key, value, options) => {
      const { output, program } = begin(context, options)
      if (options.secret === true && value !== undefined) {
        output.note(
          'A secret given as an argument stays in the history of the shell; better give it on standard input.',
        )
      }
      const text = value ?? (await readSecretInput(`Value of ${key}`))
      const isSecret = options.secret === true
      const secrets = await openSecrets(program)
      await withDatabase(program, { need: 'existing' }, (pool) =>
        saveVariable(pool, secrets, { key, value: text, isSecret, description: options.description ?? null }),
      )
      output.answer({ key, is_secret: isSecret }, () => `Set ${key}${isSecret ? ' (secret)' : ''}.`)
    })

  leaf(group, 'get', 'the value of a variable')
    .argument('<key>')
    .option('--reveal', 'also that of a secret')
    .action(async (key, options) => {
      const { output, program } = begin(context, options)
      const secrets = await openSecrets(program)
      const found = await withDatabase(program, { need: 'existing' }, (pool) => readVariable(pool, secrets, key))
      if (found === null) throw new CommandFailure(`There is no variable "${key}".`, 'See: tradewind variables list')
      const shown = found.isSecret && options.reveal !== true ? '***' : found.value
      if (shown !== found.value) output.note('It is a secret: --reveal prints it.')
      output.answer({ key, value: shown, is_secret: found.isSecret, description: found.description }, () => shown)
    })

  leaf(group, 'list', 'all variables; secrets without their values').action(async (options) => {
    const { output, program } = begin(context, options)
    const found = await withDatabase(program, { need: 'existing' }, listVariables)
    const rows = found.map((one) => ({
      key: one.key,
      value: one.isSecret ? '***' : one.value,
      is_secret: one.isSecret,
      description: one.description,
      updated_at: new Date(one.updatedAt).toISOString(),
    }))
    output.answer(rows, () =>
      rows.length === 0
        ? 'No variables.'
        : table(
            ['key', 'value', 'description'],
            rows.map((row) => [row.key, row.value, row.description]),
          ),
    )
  })

  leaf(group, 'delete', 'deletes a variable')
    .argument('<key>')
    .action(async (key, options) => {
      const { output, program } = begin(context, options)
      const was = await withDatabase(program, { need: 'existing' }, (pool) => deleteVariable(pool, key))
      if (!was) throw new CommandFailure(`There is no variable "${key}".`, 'See: tradewind variables list')
      output.answer({ key, deleted: true }, () => `Deleted ${key}.`)
    })
}

export function addConnectionsCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('connections').description('where the systems are that tasks talk to')

  leaf(group, 'set', 'makes or replaces a connection; its password is read from standard input with --secret')
    .argument('<id>', 'its name', rowName)
    .requiredOption('--type <type>', 'postgres, http, ...')
    .option('--host <host>')
    .option('--port <number>', 'its port', portNumber)
    .option('--schema <name>', 'database or path')
    .option('--login <name>')
    .option('--secret', 'read the password from standard input')
    .option('--extra <json>', 'further settings, a JSON object; encrypted', jsonText)
    .option('--description <text>')
    .action(async (id, options) => {
      const { output, program } = begin(context, options)
      const password = options.secret === true ? await readSecretInput(`Password of ${id}`) : null
      if (password === '') throw new CommandFailure('The password on standard input is empty.', null, EXIT_USAGE)
      const secrets = await openSecrets(program)
      await withDatabase(program, { need: 'existing' }, (pool) =>
        saveConnection(pool, secrets, {
          id,
          type: options.type,
          host: options.host ?? null,
          port: options.port ?? null,
          schema: options.schema ?? null,
          login: options.login ?? null,
          password,
          extra: options.extra ?? null,
          description: options.description ?? null,
        }),
      )
      output.answer({ id, has_password: password !== null }, () => `Set ${id}.`)
    })

  leaf(group, 'list', 'all connections, without passwords').action(async (options) => {
    const { output, program } = begin(context, options)
    const found = await withDatabase(program, { need: 'existing' }, listConnections)
    const rows = found.map(({ hasPassword, hasExtra, updatedAt, ...one }) => ({
      ...one,
      has_password: hasPassword,
      has_extra: hasExtra,
      updated_at: new Date(updatedAt).toISOString(),
    }))
    output.answer(rows, () =>
      rows.length === 0
        ? 'No connections.'
        : table(
            ['id', 'type', 'host', 'port', 'schema', 'login', 'password', 'changed'],
            found.map((one) => [
              one.id,
              one.type,
              one.host,
              one.port,
              one.schema,
              one.login,
              one.hasPassword ? '***' : '',
              instant(one.updatedAt),
            ]),
          ),
    )
  })

  leaf(group, 'delete', 'deletes a connection')
    .argument('<id>')
    .action(async (id, options) => {
      const { output, program } = begin(context, options)
      const was = await withDatabase(program, { need: 'existing' }, (pool) => deleteConnection(pool, id))
      if (!was) throw new CommandFailure(`There is no connection "${id}".`, 'See: tradewind connections list')
      output.answer({ id, deleted: true }, () => `Deleted ${id}.`)
    })
}

export function addSecretsCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('secrets').description('the key of connections and secret variables')

  leaf(
    group,
    'rotate',
    'encrypts everything anew: with a new key in the key file, or with the TRADEWIND_SECRET_KEY given',
  ).action(async (options) => {
    const { output, program } = begin(context, options)
    const ownsKey = program.config['secrets.key'] === null
    const count = await withDatabase(program, { need: 'existing' }, async (pool) => {
      // A scheduler that runs knows only the keys it was started with: its tasks would find no secret any more.
      if ((await readHealth(pool)).scheduler?.isAlive === true) {
        throw new CommandFailure('A scheduler is running on this database.', 'Stop it, rotate, and start it again.')
      }
      if (ownsKey) await addKey(dataFolder(program.dataFolder).secretKey)
      return rotateSecrets(pool, await openSecrets(program))
    })
    output.answer({ encrypted: count }, () => `${count} values were encrypted anew.`)
  })
}

function rowName(text: string): string {
  if (text.length > 0 && text.length <= 250 && safeText(text) === text && !text.includes('\n')) return text
  throw new InvalidArgumentError('Give 1 to 250 characters without control characters.')
}

function portNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value
  throw new InvalidArgumentError('Give a whole number from 1 to 65535.')
}
