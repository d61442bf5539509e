/** What `getContext()` shows a handler, built from the order. */
import type { Json } from '../core/json.ts'
import type { TaskContext, TaskLogger } from '../sdk/task-context.ts'
import type { CurrentTry } from './current-try.ts'

export function createTaskContext(current: CurrentTry, filesDir: string, logger: TaskLogger): TaskContext {
  const { order } = current
  const given = order.context
  const date = (name: string, at: number | null): Date => {
    if (at !== null) return new Date(at)
    throw new Error(
      `getContext().${name} is not there: the run "${order.runId}" was triggered without a logical date. ` +
        'Use getContext().runAfter, or trigger the run with a logical date.',
    )
  }
  return {
    dagId: order.dagId,
    taskId: order.taskId,
    runId: order.runId,
    tryNumber: order.tryNumber,
    maxTries: given.maxTries,
    mapIndex: order.mapIndex,
    runType: given.runType,
    timezone: given.timezone,
    params: given.params as { readonly [name: string]: Json },
    filesDir,
    logger,
    get signal() {
      current.signalRead = true
      return current.abort.signal
    },
    get logicalDate() {
      return date('logicalDate', given.logicalDate)
    },
    get dataIntervalStart() {
      return date('dataIntervalStart', given.dataIntervalStart)
    },
    get dataIntervalEnd() {
      return date('dataIntervalEnd', given.dataIntervalEnd)
    },
    get runAfter() {
      return new Date(given.runAfter)
    },
    get ds() {
      return localDate(date('ds', given.logicalDate), given.timezone)
    },
  }
}

/** `YYYY-MM-DD` in the zone. */
function localDate(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(at)
  const part = (type: string) => parts.find((item) => item.type === type)?.value ?? ''
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`
}
