/** `connections`: where the systems are that tasks talk to. Passwords come from standard input. */
import type { Command } from '@commander-js/extra-typings'
import { MOST_VALUES } from '../../core/records.ts'
import { jsonText, portNumber, rowName } from '../argument-kinds.ts'
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { instantText, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { ConnectionInput } from '../platform/platform.ts'
import { readSecretInput } from '../read-secret-input.ts'
import { fieldsOf, optionalText } from '../record-file.ts'
import { addDeleteCommand, addExportCommand, addImportCommand, type RecordKind } from './named-records.ts'

const KIND: RecordKind = { noun: 'connection', key: 'id', need: 'existing' }

export function addConnectionsCommands(group: Command, context: CommandContext): void {
  leaf(group, 'set', 'makes or replaces a connection; its password is read from standard input with --secret')
    .argument('<id>', 'its name', rowName)
    .requiredOption('--type <type>', 'postgres, http, ...')
    .option('--host <host>')
    .option('--port <number>', 'its port', portNumber)
    .option('--schema <name>', 'database or path')
    .option('--login <name>')
    .option('--secret', 'read the password from standard input; without it the one that is kept stays')
    .option('--no-secret', 'take the password that is kept away')
    .option(
      '--extra <json>',
      'further settings, a JSON object; encrypted; without it those that are kept stay',
      jsonText,
    )
    .option('--no-extra', 'take the further settings that are kept away')
    .option('--description <text>')
    .action(async (id, options) => {
      const { output, program } = begin(context, options)
      const password =
        options.secret === true
          ? await readSecretInput(`Password of ${id}`)
          : options.secret === false
            ? null
            : undefined
      if (password === '') throw new CommandFailure('The password on standard input is empty.', null, EXIT_USAGE)
      const found = await withPlatform(program, 'existing', async (platform) => {
        await platform.setConnections([
          {
            id,
            type: options.type,
            host: options.host ?? null,
            port: options.port ?? null,
            schema: options.schema ?? null,
            login: options.login ?? null,
            description: options.description ?? null,
            ...(password === undefined ? {} : { password }),
            ...(options.extra === undefined ? {} : { extra: options.extra === false ? null : options.extra }),
          },
        ])
        return (await platform.connections()).find((one) => one.id === id)
      })
      output.answer({ id, has_password: found?.has_password === true }, () => `Set ${id}.`)
    })

  leaf(group, 'get', 'one connection; password and extra with --reveal only')
    .argument('<id>')
    .option('--reveal', 'also its password and extra')
    .action(async (id, options) => {
      const { output, program } = begin(context, options)
      const found = await withPlatform(program, 'existing', async (platform) => {
        const one = (await platform.connections()).find((connection) => connection.id === id)
        if (one === undefined) {
          throw new CommandFailure(`There is no connection "${id}".`, 'See: tradewind connections list')
        }
        return options.reveal === true ? { ...one, ...(await platform.connectionSecrets(id)) } : one
      })
      if (options.reveal !== true && (found.has_password || found.has_extra)) {
        output.note('Password and extra are secrets: --reveal prints them.')
      }
      output.answer(found, () =>
        Object.entries(found)
          .filter(([, value]) => value !== null && typeof value !== 'boolean')
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n'),
      )
    })

  leaf(group, 'list', 'all connections, without passwords').action(async (options) => {
    const { output, program } = begin(context, options)
    const found = await withPlatform(program, 'existing', (platform) => platform.connections())
    output.answer(found, () =>
      found.length === 0
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
              one.has_password ? '***' : '',
              instantText(one.updated_at),
            ]),
          ),
    )
  })

  addDeleteCommand(group, context, KIND, 'deletes a connection', (platform, id) => platform.deleteConnection(id))

  addExportCommand(group, context, {
    description: 'writes all connections into a JSON file, without passwords and extras',
    secrets: 'also passwords and extras, as plain text',
    collect: async (platform, withSecrets) => {
      const records: Record<string, unknown> = {}
      const all = await platform.connections()
      for (const { id, type, description, login, host, port, schema } of all) {
        const shown = withSecrets ? await platform.connectionSecrets(id) : {}
        records[id] = { conn_type: type, description, login, host, port, schema, ...shown }
      }
      const secrets = all.filter((one) => one.has_password || one.has_extra).length
      const note = withSecrets
        ? `Warning: it holds the secrets of ${secrets} connections as plain text. Delete it when it has served.`
        : `Left out: passwords and extras of ${secrets} connections. --secrets writes them too, as plain text.`
      return { records, notes: secrets === 0 ? [] : [note] }
    },
  })

  addImportCommand(group, context, KIND, {
    description: 'makes or changes the connections of such a file, or of one that Airflow has exported',
    readOne: readConnection,
    nameOf: (one) => one.id,
    target: async (platform) => ({
      known: new Set((await platform.connections()).map((one) => one.id)),
      atOnce: MOST_VALUES,
      save: (some) => platform.setConnections(some),
    }),
  })
}

const FIELDS = ['conn_type', 'description', 'login', 'password', 'host', 'port', 'schema', 'extra']

/** A password or extra that the file does not name stays as it is. */
function readConnection(id: string, value: unknown): ConnectionInput {
  const fields = fieldsOf(value, FIELDS)
  const type = optionalText(fields, 'conn_type')
  if (type === null || type === '') throw new Error('conn_type is missing: postgres, http, ...')
  const { port = null, extra } = fields
  if (port !== null && !(typeof port === 'number' && Number.isInteger(port) && port >= 0 && port < 65_536)) {
    throw new Error('port must be a whole number from 0 to 65535')
  }
  return {
    id,
    type,
    description: optionalText(fields, 'description'),
    host: optionalText(fields, 'host'),
    port,
    schema: optionalText(fields, 'schema'),
    login: optionalText(fields, 'login'),
    ...('password' in fields ? { password: optionalText(fields, 'password') } : {}),
    ...(extra === undefined ? {} : { extra: extraText(extra) }),
  }
}

/** An object, or the JSON text of one. */
function extraText(extra: unknown): string | null {
  if (extra === null || extra === '') return null
  const text = typeof extra === 'string' ? extra : JSON.stringify(extra)
  try {
    return jsonText(text)
  } catch {
    throw new Error('extra must be a JSON object, or the text of one')
  }
}
