/** `tokens`: for programs that use the API. A token is shown when it is made and never again. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { ROLES, type Role } from '../../database/users/roles.ts'
import { createToken, listTokens, revokeToken } from '../../database/users/tokens.ts'
import { MACHINE } from '../../database/users/users.ts'
import { wholeNumber } from '../argument-kinds.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { table } from '../output.ts'
import { onDatabase, roleOf } from './users.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

export function addTokensCommands(group: Command, context: CommandContext): void {
  leaf(group, 'create', 'makes a token; standard output holds it, once')
    .argument('<name>', 'what it is for')
    .option('--role <role>', `one of ${ROLES.join(', ')}`, roleOf, 'viewer' as Role)
    .option('--user <name>', 'whose it is: it may never more than they may')
    .option('--days <number>', 'how long it holds; without it until it is revoked', days)
    .action(async (name, options) => {
      const { output, program } = begin(context, options)
      const owner = options.user ?? MACHINE
      const lifeMs = options.days === undefined ? null : options.days * DAY_MS
      const made = await onDatabase(program, (pool) => createToken(pool, { name, role: options.role, owner, lifeMs }))
      output.answer({ ...made, name, role: options.role, owner }, () => made.token)
    })

  leaf(group, 'list', 'all tokens, without the tokens themselves').action(async (options) => {
    const { output, program } = begin(context, options)
    const tokens = await onDatabase(program, listTokens)
    const shown = (at: number | null) => (at === null ? '-' : new Date(at).toISOString())
    output.answer(tokens, () =>
      table(
        ['id', 'name', 'role', 'owner', 'made', 'last used', 'ends', 'revoked'],
        tokens.map((one) => [
          one.id,
          one.name,
          one.role,
          one.owner,
          shown(one.createdAt),
          shown(one.lastUsedAt),
          shown(one.expiresAt),
          shown(one.revokedAt),
        ]),
      ),
    )
  })

  leaf(group, 'revoke', 'ends a token at once')
    .argument('<id>', 'see: tokens list', wholeNumber)
    .action(async (id, options) => {
      const { output, program } = begin(context, options)
      await onDatabase(program, (pool) => revokeToken(pool, id))
      output.answer({ id }, () => `Token ${id} is nobody's any more.`)
    })
}

function days(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 3_650)) throw new InvalidArgumentError('Expected a number of days up to 3650.')
  return value
}
