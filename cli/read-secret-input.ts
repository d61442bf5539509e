/** A secret from standard input, so that it stands neither in the shell's history nor in the list of processes. */
import { createInterface } from 'node:readline/promises'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'

const MOST_BYTES = 1024 * 1024

/** The whole of a pipe without its last newline, or one line typed on a terminal without being shown. */
export async function readSecretInput(what: string): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) {
    stdin.setEncoding('utf8')
    let text = ''
    for await (const chunk of stdin) {
      text += String(chunk)
      if (text.length > MOST_BYTES) throw new CommandFailure(`${what} is longer than 1 MB.`, null, EXIT_USAGE)
    }
    // Nothing at all is a forgotten value, not an empty one: an empty line gives that.
    if (text === '')
      throw new CommandFailure(
        `${what} was to come from standard input, and nothing came.`,
        `Pass it: printf '%s\\n' VALUE | tradewind ...`,
        EXIT_USAGE,
      )
    return text.replace(/\r?\n$/, '')
  }
  stderr.write(`${what}: `)
  const line = createInterface({ input: stdin, terminal: true })
  try {
    return await line.question('')
  } finally {
    line.close()
    stderr.write('\n')
  }
}
