/** `pools`: named slots that tries share. */
import type { Command } from '@commander-js/extra-typings'
import { didYouMean } from '../../core/config/nearest-name.ts'
import { wholeNumber } from '../argument-kinds.ts'
import { CommandFailure } from '../command-failure.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Pool } from '../platform/platform.ts'
import { fieldsOf, optionalText } from '../record-file.ts'
import { addDeleteCommand, addExportCommand, addImportCommand, type RecordKind } from './named-records.ts'

const KIND: RecordKind = { noun: 'pool', key: 'name', need: 'running' }

export function addPoolsCommands(group: Command, context: CommandContext): void {
  leaf(group, 'list', 'all pools').action(async (options) => {
    const { output, program } = begin(context, options)
    const pools = await withPlatform(program, 'existing', (platform) => platform.pools())
    output.answer(pools, () =>
      table(
        ['pool', 'slots', 'description'],
        pools.map((one) => [one.name, slotsText(one.slots), one.description]),
      ),
    )
  })

  leaf(group, 'get', 'one pool')
    .argument('<pool>')
    .action(async (name, options) => {
      const { output, program } = begin(context, options)
      const pools = await withPlatform(program, 'existing', (platform) => platform.pools())
      const found = pools.find((one) => one.name === name)
      if (found === undefined) {
        const suggestion = didYouMean(
          name,
          pools.map((one) => one.name),
        )
        throw new CommandFailure(`There is no pool "${name}".${suggestion}`, 'See: tradewind pools list')
      }
      output.answer(found, () => `${found.name} has ${slotsText(found.slots)} slots.`)
    })

  leaf(group, 'set', 'makes a pool or changes its slots')
    .argument('<pool>')
    .argument('<slots>', 'a whole number; -1 for unlimited', wholeNumber)
    .option('--description <text>')
    .action(async (name, slots, options) => {
      const { output, program } = begin(context, options)
      const answer = await withPlatform(program, 'running', (platform) =>
        platform.setPool(name, slots, options.description),
      )
      output.answer(answer, () => `${name} has ${slotsText(slots)} slots.`)
    })

  addDeleteCommand(group, context, KIND, 'deletes a pool that no Dag uses', async (platform, name) => {
    // The scheduler refuses what is not there.
    await platform.deletePool(name)
    return true
  })

  addExportCommand(group, context, {
    description: 'writes all pools into a JSON file',
    secrets: null,
    collect: async (platform) => {
      const pools = await platform.pools()
      const records = Object.fromEntries(pools.map(({ name, slots, description }) => [name, { slots, description }]))
      return { records, notes: [] }
    },
  })

  addImportCommand(group, context, KIND, {
    description: 'makes or changes the pools of such a file',
    readOne: readPool,
    nameOf: (one) => one.name,
    target: async (platform) => ({
      known: new Set((await platform.pools()).map((one) => one.name)),
      atOnce: 1,
      save: async (some) => {
        for (const { name, slots, description } of some) await platform.setPool(name, slots, description ?? undefined)
      },
    }),
  })
}

/** `include_deferred` is in Airflow's files; there is nothing to count for it here. */
function readPool(name: string, value: unknown): Pool {
  const fields = fieldsOf(value, ['slots', 'description', 'include_deferred'])
  const { slots } = fields
  if (typeof slots !== 'number' || !Number.isInteger(slots) || slots < -1) {
    throw new Error('slots must be a whole number from 0, or -1 for unlimited')
  }
  return { name, slots, description: optionalText(fields, 'description') }
}

function slotsText(slots: number): string {
  return slots < 0 ? 'unlimited' : String(slots)
}
