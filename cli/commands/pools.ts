/** `pools`: named slots that tries share. */
import type { Command } from '@commander-js/extra-typings'
import { listPools } from '../../database/queries/overview.ts'
import { withDatabase } from '../database-access.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { table } from '../output.ts'
import { submit } from '../submit.ts'
import { wholeNumber } from './runs.ts'

export function addPoolsCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('pools').description('named slots that tries share')

  leaf(group, 'list', 'all pools').action(async (options) => {
    const { output, program } = begin(context, options)
    const pools = await withDatabase(program, { need: 'existing' }, listPools)
    output.answer(pools, () =>
      table(
        ['pool', 'slots', 'description'],
        pools.map((one) => [one.name, one.slots < 0 ? 'unlimited' : one.slots, one.description]),
      ),
    )
  })

  leaf(group, 'set', 'makes a pool or changes its slots')
    .argument('<pool>')
    .argument('<slots>', 'a whole number; -1 for unlimited', wholeNumber)
    .option('--description <text>')
    .action(async (name, slots, options) => {
      const { output, program } = begin(context, options)
      const answer = await withDatabase(program, { need: 'running' }, (pool) =>
        submit(pool, {
          kind: 'set-pool',
          name,
          slots,
          ...(options.description === undefined ? {} : { description: options.description }),
        }),
      )
      output.answer(answer, () => `${name} has ${slots < 0 ? 'unlimited' : slots} slots.`)
    })
}
