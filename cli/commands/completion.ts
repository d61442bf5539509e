/** `completion`: a script that lets a shell complete commands and options, written from the tree of commands itself. */
import { Argument, type Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { bashCompletion, fishCompletion, type Level, zshCompletion } from '../completion-scripts.ts'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const
type Shell = keyof typeof WRITERS

const USE: Readonly<Record<Shell, string>> = {
  bash: 'source <(tradewind completion bash)   # in ~/.bashrc',
  zsh: 'tradewind completion zsh > "${fpath[1]}/_tradewind"',
  fish: 'tradewind completion fish > ~/.config/fish/completions/tradewind.fish',
}

export function completeCompletion(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', `\n${Object.values(USE).join('\n')}`)
    .action((shell, options) => {
      const { output } = begin(context, options)
      // The program loads all commands for this one.
      const script = WRITERS[shell](levelsOf(command.parent ?? command))
      output.answer({ shell, script }, () => script.trimEnd())
    })
}

/** Every command with what can follow it, from the root on. */
function levelsOf(root: CommandUnknownOpts, path = ''): Level[] {
  const level: Level = {
    path,
    commands: root.commands.map((command) => ({ name: command.name(), description: command.description() })),
    options: [
      ...root.options.map(({ long, short, description, required, optional }) => ({
        long: long ?? '',
        short: short ?? null,
        description,
        takesValue: required || optional,
      })),
      { long: '--help', short: '-h', description: 'display help for command', takesValue: false },
    ],
  }
  return [level, ...root.commands.flatMap((command) => levelsOf(command, `${path}/${command.name()}`))]
}
