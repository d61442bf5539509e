/** How a command ends when it does not end well: what went wrong, what to do, and the exit code. */

export const EXIT_OK = 0
/** It was understood and could not be done, or what it looked at has failed. */
export const EXIT_FAILED = 1
/** It was not understood: arguments, options, configuration. */
export const EXIT_USAGE = 2

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly remedy: string | null
  readonly exitCode: number

  constructor(message: string, remedy: string | null = null, exitCode: number = EXIT_FAILED) {
    super(message)
    this.remedy = remedy
    this.exitCode = exitCode
  }
}

/** The text for standard error, for any error whatever. */
export function failureText(error: unknown): string {
  if (error instanceof CommandFailure) {
    return error.remedy === null ? error.message : `${error.message}\n${error.remedy}`
  }
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `\n  because: ${error.cause.message}` : ''
  if (error.message !== '') return error.message + cause
  // A refused connection reaches us as an AggregateError without a message of its own.
  if (error instanceof AggregateError) return error.errors.map(failureText).join('; ')
  return error.name
}
