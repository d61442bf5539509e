/**
 * Before runs are changed: what would change is shown, and asked about on a terminal. Without a terminal nothing is done
 * unless that was said beforehand. All of it goes to standard error: standard output is for the answer.
 */
import { createInterface } from 'node:readline/promises'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'
import type { Output } from './output.ts'

export interface Consent {
  /** `--yes` */
  readonly yes?: true | undefined
  /** `--dry-run` */
  readonly dryRun?: true | undefined
}

/** Whether to go on. Throws where nobody can be asked. */
export async function confirm(output: Output, consent: Consent, plan: string, question: string): Promise<boolean> {
  if (consent.yes === true) return true
  output.note(plan)
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new CommandFailure(
      'Nothing was changed: there is no terminal to ask on.',
      'Add --yes to do it, or --dry-run to only look.',
      EXIT_USAGE,
    )
  }
  const line = createInterface({ input: stdin, output: stderr })
  // Ctrl-C, and the end of the input, are a no.
  const refused = new Promise<string>((resolve) => {
    line.once('SIGINT', () => resolve('n'))
    line.once('close', () => resolve('n'))
  })
  try {
    const answer = await Promise.race([line.question(`${question} [y/N] `), refused])
    return /^(y|yes)$/i.test(answer.trim())
  } finally {
    line.close()
  }
}
