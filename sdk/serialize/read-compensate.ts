/** How a task is undone, in the units of the serialized form. The code itself stays in the bundle. */
import type { CompensateSpec } from '../../core/serialized-dag.ts'
import { describe, type TaskDeclaration } from '../declarations.ts'
import { isRecord } from '../declare-task.ts'
import { duration, flag, numberBetween, type OptionNames, readOptions, someTime, wholeNumber } from './read-options.ts'
import type { Report } from './report.ts'

interface CompensateValues {
  run: unknown
  alsoWhenFailed: boolean
  retries: number
  retryDelay: number
  retryBackoff: number
  maxRetryDelay: number
  timeout: number | null
}

const SETTINGS: OptionNames<Omit<CompensateValues, 'run'>> = {
  table: {
    alsoWhenFailed: { read: flag },
    retries: { read: wholeNumber(0, 10_000) },
    retryDelay: { read: duration },
    retryBackoff: { read: numberBetween(1, 1_000) },
    maxRetryDelay: { read: duration },
    timeout: { read: (value, environment) => (value === null ? { value: null } : someTime(value, environment)) },
  },
  ignored: new Set(),
  notYet: new Set(),
  // What a run did is undone by that run's own compensations.
  meaningless: new Set(['run']),
}

const OPTIONS: OptionNames<CompensateValues> = {
  ...SETTINGS,
  table: { ...SETTINGS.table, run: { read: (value) => ({ value }) } },
  meaningless: new Set(),
}

/** `undefined`: nothing undoes the task. `keepsOutput`: its return value is there when it is undone. */
export function readCompensate(
  task: TaskDeclaration,
  compensate: unknown,
  zone: string,
  keepsOutput: boolean,
  report: Report,
): CompensateSpec | undefined {
  if (compensate === undefined || compensate === null || compensate === false) return undefined
  const { taskId, site } = task
  const refuse = (message: string, remedy: string): undefined => {
    report({ code: 'bad-compensate', message, remedy, site, taskId })
    return undefined
  }
  const owner = `the compensation of the task "${taskId}"`
  const source = { owner, site, taskId }

  if (task.handler === undefined) {
    if (compensate === true) return {}
    if (isRecord(compensate)) return specOf(readOptions(compensate, SETTINGS, source, { zone }, report))
    return refuse(
      `The triggerDagRun task "${taskId}" is to be undone by ${describe(compensate)}, but what it started is undone by the compensations of that run.`,
      'Set compensate to true, or to an object such as { retries: 5 }; what else has to be undone belongs into a task of its own.',
    )
  }
  if (typeof compensate !== 'function' && !isRecord(compensate)) {
    return refuse(
      `The compensation of the task "${taskId}" is ${describe(compensate)}, not a function.`,
      'Pass a function, as in compensate: async ({ input, output }) => ..., or an object with one as run.',
    )
  }
  const values = isRecord(compensate) ? readOptions(compensate, OPTIONS, source, { zone }, report) : { run: compensate }
  if (typeof values.run !== 'function') {
    const given = values.run === undefined ? 'no function' : describe(values.run)
    return refuse(
      `The compensation of the task "${taskId}" has ${given} as run.`,
      'Add the function that undoes the task, as in compensate: { run: async ({ input, output }) => ..., retries: 5 }.',
    )
  }
  if (!keepsOutput && /\boutput\b/.test(Function.prototype.toString.call(values.run))) {
    report({
      warning: true,
      code: 'output-not-kept',
      message: `The compensation of the task "${taskId}" uses output, but the task keeps no return value (doXcomPush: false), so output is always undefined.`,
      remedy: 'Remove doXcomPush: false, or undo the task from its input alone.',
      site,
      taskId,
    })
  }
  return specOf(values)
}

function specOf(values: Partial<CompensateValues>): CompensateSpec {
  const { alsoWhenFailed, retries, retryDelay, retryBackoff, maxRetryDelay, timeout } = values
  return {
    ...(alsoWhenFailed === true ? { alsoWhenFailed } : {}),
    ...(retries === undefined ? {} : { retries }),
    ...(retryDelay === undefined ? {} : { retryDelayMs: retryDelay }),
    ...(retryBackoff === undefined ? {} : { retryBackoff }),
    ...(maxRetryDelay === undefined ? {} : { maxRetryDelayMs: maxRetryDelay }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  }
}
