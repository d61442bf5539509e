/** What a `triggerDagRun` task starts. */
import type { InputBinding, TriggerSpec } from '../../core/serialized-dag.ts'
import { describe, type TaskDeclaration } from '../declarations.ts'
import type { InputReader } from './read-inputs.ts'
import { date, filledText, type OptionNames, readOptions, text } from './read-options.ts'
import type { Report } from './report.ts'

interface TriggerValues {
  dagId: string
  conf: unknown
  runId: string
  logicalDate: number
  note: string
}

const OPTIONS: OptionNames<TriggerValues> = {
  table: {
    dagId: { read: filledText },
    conf: { read: (value) => ({ value }) },
    runId: { read: filledText },
    logicalDate: { read: date('start') },
    note: { read: text },
  },
  // How to wait means nothing without waiting.
  ignored: new Set(['pokeInterval', 'allowedStates', 'failedStates', 'deferrable']),
  notYet: new Set(['resetDagRun', 'waitForCompletion', 'skipWhenAlreadyExists', 'failWhenDagIsPaused']),
  meaningless: new Set(),
}

export function readTrigger(task: TaskDeclaration, reader: InputReader, zone: string, report: Report): TriggerSpec {
  const { taskId, site } = task
  const owner = `the triggerDagRun task "${taskId}"`
  const values = readOptions(task.trigger, OPTIONS, { owner, site, taskId }, { zone }, report)
  const { dagId = '', conf, runId, logicalDate, note } = values
  if (dagId === '') {
    const remedy = "Name the Dag to start, as in { dagId: 'load' }."
    report({ code: 'bad-option', message: `${owner} does not say which Dag to start.`, remedy, site, taskId })
  }
  const binding = conf === undefined || conf === null ? undefined : reader.binding(task, conf, 'The conf', site)
  if (binding !== undefined && !mayBeObject(binding)) {
    const remedy = "Give an object, as in conf: { region: 'eu' }."
    report({ code: 'bad-option', message: `The conf of ${owner} is ${describe(conf)}.`, remedy, site, taskId })
  }
  return {
    dagId,
    ...(binding === undefined ? {} : { conf: binding }),
    ...(runId === undefined ? {} : { runId }),
    ...(logicalDate === undefined ? {} : { logicalDate }),
    ...(note === undefined ? {} : { note }),
  }
}

function mayBeObject(binding: InputBinding): boolean {
  if (binding.kind !== 'literal') return binding.kind !== 'list'
  return typeof binding.value === 'object' && binding.value !== null && !Array.isArray(binding.value)
}
