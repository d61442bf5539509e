/**
 * Errors a task throws to say how it ends, and those its client throws. Branded with `Symbol.for`, so that an error of the
 * author's copy of this package is known by the program's.
 */
import { brand, branded } from './brand.ts'

/** Ends the task as `skipped`: no retry, downstream tasks follow their trigger rules. */
export class SkipError extends Error {
  override readonly name = 'SkipError'

  constructor(message = 'The task asked to be skipped.', options?: ErrorOptions) {
    super(message, options)
    brand(this, 'error', 'skip')
  }
}

/** Fails the task for good: the retries it has left are not used. */
export class FailError extends Error {
  override readonly name = 'FailError'

  constructor(message = 'The task asked to fail.', options?: ErrorOptions) {
    super(message, options)
    brand(this, 'error', 'fail')
  }
}

/** Thrown by `getVariableOrThrow`. */
export class VariableNotFoundError extends Error {
  override readonly name = 'VariableNotFoundError'
  readonly key: string

  constructor(key: string) {
    super(`There is no variable "${key}". Create it, or use getVariable("${key}"), which gives null.`)
    this.key = key
    brand(this, 'error', 'variable-not-found')
  }
}

/** Thrown by `getConnectionOrThrow`. */
export class ConnectionNotFoundError extends Error {
  override readonly name = 'ConnectionNotFoundError'
  readonly connId: string

  constructor(connId: string) {
    super(`There is no connection "${connId}". Create it, or use getConnection("${connId}"), which gives null.`)
    this.connId = connId
    brand(this, 'error', 'connection-not-found')
  }
}

/** Whether `error` is a `SkipError` of any copy of this package. */
export function isSkipError(error: unknown): boolean {
  return branded(error, 'error') === 'skip'
}

/** Whether `error` is a `FailError` of any copy of this package. */
export function isFailError(error: unknown): boolean {
  return branded(error, 'error') === 'fail'
}
