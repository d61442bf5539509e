/** `users`: who may sign in. Works on the database of this machine; passwords come from standard input, never as arguments. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { isRole, ROLES, type Role } from '../../database/users/roles.ts'
import {
  createUser,
  listUsers,
  resetAdmin,
  setDisabled,
  setPassword,
  setRole,
  UserError,
} from '../../database/users/users.ts'
import { CommandFailure } from '../command-failure.ts'
import type { Pool } from '../database-access.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import type { ProgramConfig } from '../load-config.ts'
import { table } from '../output.ts'
import { readSecretInput } from '../read-secret-input.ts'

export function addUsersCommands(group: Command, context: CommandContext): void {
  leaf(group, 'list', 'all users').action(async (options) => {
    const { output, program } = begin(context, options)
    const users = await onDatabase(program, listUsers)
    output.answer(users, () =>
      table(
        ['user', 'role', 'state', 'since'],
        users.map((one) => [
          one.name,
          one.role,
          one.isDisabled ? 'disabled' : 'enabled',
          new Date(one.createdAt).toISOString(),
        ]),
      ),
    )
  })

  leaf(group, 'create', 'makes a user; the password is read from standard input')
    .argument('<name>')
    .option('--role <role>', `one of ${ROLES.join(', ')}`, roleOf, 'viewer' as Role)
    .action(async (name, options) => {
      const { output, program } = begin(context, options)
      const password = await readSecretInput('Password')
      await onDatabase(program, (pool) => createUser(pool, { name, password, role: options.role }))
      output.answer({ name, role: options.role }, () => `${name} can sign in, as ${options.role}.`)
    })

  leaf(group, 'passwd', 'sets a password, read from standard input; ends the sessions of the user')
    .argument('<name>')
    .action(async (name, options) => {
      const { output, program } = begin(context, options)
      const password = await readSecretInput('New password')
      await onDatabase(program, (pool) => setPassword(pool, name, password))
      output.answer({ name }, () => `${name} has a new password; earlier sessions have ended.`)
    })

  leaf(group, 'role', 'gives a user another role')
    .argument('<name>')
    .argument('<role>', ROLES.join(', '), roleOf)
    .action(async (name, role, options) => {
      const { output, program } = begin(context, options)
      await onDatabase(program, (pool) => setRole(pool, name, role))
      output.answer({ name, role }, () => `${name} is ${role} now.`)
    })

  for (const [verb, isDisabled, description] of [
    ['disable', true, 'a user who may not sign in any more; ends sessions and tokens at once'],
    ['enable', false, 'takes that back'],
  ] as const) {
    leaf(group, verb, description)
      .argument('<name>')
      .action(async (name, options) => {
        const { output, program } = begin(context, options)
        await onDatabase(program, (pool) => setDisabled(pool, name, isDisabled))
        output.answer({ name, isDisabled }, () => `${name} is ${verb}d.`)
      })
  }

  leaf(
    group,
    'reset-admin',
    'a new random password for the user admin, who is an admin afterwards whatever was',
  ).action(async (options) => {
    const { output, program } = begin(context, options)
    const made = await onDatabase(program, resetAdmin)
    output.answer(made, () => `Sign in as ${made.name} with the password ${made.password} (shown this once).`)
  })
}

export function roleOf(text: string): Role {
  if (!isRole(text)) throw new InvalidArgumentError(`Expected one of ${ROLES.join(', ')}.`)
  return text
}

/** What was asked for and cannot be is told without a stack. */
export async function onDatabase<T>(program: ProgramConfig, work: (pool: Pool) => Promise<T>): Promise<T> {
  const { withDatabase } = await import('../database-access.ts')
  try {
    return await withDatabase(program, { need: 'existing' }, work)
  } catch (error) {
    if (error instanceof UserError) throw new CommandFailure(error.message)
    throw error
  }
}
