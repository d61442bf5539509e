/** `config list`: every setting with the value that holds and where it came from. Secrets are not shown. */
import type { Command } from '@commander-js/extra-typings'
import { environmentName, SETTING_KEYS, settingOf } from '../../core/config/schema.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { table } from '../output.ts'

export function addConfigCommands(group: Command, context: CommandContext): void {
  leaf(group, 'list', 'every setting, its value and where it came from').action((options) => {
    const { output, program } = begin(context, options)
    const rows = SETTING_KEYS.map((key) => {
      const setting = settingOf(key)
      const value = program.config[key]
      const isSet = value !== null && !(Array.isArray(value) && value.length === 0)
      const shown = setting.secret ? (isSet ? '***' : '') : setting.show(value)
      return {
        key,
        value: setting.secret ? (isSet ? '***' : null) : value,
        shown: shown === '' ? setting.defaultText.replaceAll('`', '') : shown,
        source: program.sources[key],
        env: environmentName(key),
        description: setting.description,
      }
    })
    output.answer(
      rows.map(({ shown: _shown, ...row }) => row),
      () =>
        table(
          ['setting', 'value', 'from', 'environment'],
          rows.map((row) => [row.key, row.shown, row.source, row.env]),
        ),
    )
  })
}
