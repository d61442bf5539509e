/** What `getContext()` shows a handler. Looking at `signal` is noticed: a try that never did cannot obey it. */
import { buildContext } from '../sdk/internal.ts'
import type { TaskContext, TaskLogger } from '../sdk/task-context.ts'
import type { CurrentTry } from './current-try.ts'

export function createTaskContext(current: CurrentTry, filesDir: string, logger: TaskLogger): TaskContext {
  const { dagId, taskId, runId, tryNumber, mapIndex, kind, context } = current.order
  const { signal } = current.abort
  const isCompensation = kind === 'compensation'
  const source = { dagId, taskId, runId, tryNumber, mapIndex, isCompensation, context, signal, filesDir, logger }
  const built = buildContext(source)
  return Object.defineProperty(built, 'signal', {
    enumerable: true,
    get() {
      current.signalRead = true
      return signal
    },
  })
}
