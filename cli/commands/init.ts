/** `init`: a new folder with a first Dag, its types, a test and one command that starts it. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import { makeProject } from '../make-project.ts'

export function completeInit(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .argument('[folder]', 'made when it is not there', '.')
    .option('--pattern <name>', 'with this pattern and its test; also into a project that is there')
    .action(async (folder, options) => {
      const { output } = begin(context, options)
      const { path, files, notes } = await makeProject(folder, options.pattern ?? null)
      output.answer({ folder: path, files, notes }, () => {
        const into = folder === '.' ? '' : `cd ${folder} && `
        const test = options.pattern === undefined ? '' : `Test it: ${into}npm install && npm test\n`
        const made = files.length === 0 ? `Everything is in ${path} already.` : `Made ${files.join(', ')} in ${path}.`
        return [made, ...notes, `${test}Start it: ${into}npm install && npm start`].join('\n')
      })
    })
}
