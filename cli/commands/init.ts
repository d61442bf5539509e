/** `init`: a new folder with a first Dag, its types, a test and one command that starts it. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import { makeProject } from '../make-project.ts'

export function completeInit(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .argument('[folder]', 'made when it is not there', '.')
    .action(async (folder, options) => {
      const { output } = begin(context, options)
      const { path, files } = await makeProject(folder)
      output.answer({ folder: path, files }, () => {
        const into = folder === '.' ? '' : `cd ${folder} && `
        return [`Made ${files.join(', ')} in ${path}.`, `Start it: ${into}npm install && npm start`].join('\n')
      })
    })
}
