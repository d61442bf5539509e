/** The context of a try from what it was dispatched with: instants become Dates, `ds` is computed in the Dag's zone. */
import type { Json } from '../core/json.ts'
import type { DispatchContext } from '../core/ports/executor.ts'
import type { TaskContext, TaskLogger } from './task-context.ts'

export interface ContextSource {
  readonly dagId: string
  readonly taskId: string
  readonly runId: string
  readonly tryNumber: number
  readonly mapIndex: number
  /** False when left out. */
  readonly isCompensation?: boolean
  readonly context: DispatchContext
  readonly signal: AbortSignal
  readonly filesDir: string
  readonly logger: TaskLogger
}

/**
 * The fields that a run without a logical date lacks (`logicalDate`, the data interval, `ds`) throw when they are read:
 * they sit on the prototype, so printing or spreading a context reads none of them.
 */
export function buildContext(source: ContextSource): TaskContext {
  return new BuiltContext(source)
}

class BuiltContext implements TaskContext {
  readonly dagId: string
  readonly taskId: string
  readonly runId: string
  readonly tryNumber: number
  readonly maxTries: number
  readonly mapIndex: number
  readonly isCompensation: boolean
  readonly idempotencyKey: string
  readonly correlationId: string | null
  readonly runAfter: Date
  readonly runType: DispatchContext['runType']
  readonly timezone: string
  readonly params: { readonly [name: string]: Json }
  readonly filesDir: string
  readonly signal: AbortSignal
  readonly logger: TaskLogger
  readonly #dates: DispatchContext

  constructor({ context, signal, logger, ...source }: ContextSource) {
    this.dagId = source.dagId
    this.taskId = source.taskId
    this.runId = source.runId
    this.tryNumber = source.tryNumber
    this.maxTries = context.maxTries
    this.mapIndex = source.mapIndex
    this.isCompensation = source.isCompensation ?? false
    this.idempotencyKey = context.idempotencyKey
    this.correlationId = context.correlationId
    this.runAfter = new Date(context.runAfter)
    this.runType = context.runType
    this.timezone = context.timezone
    this.params = isObject(context.params) ? context.params : {}
    this.filesDir = source.filesDir
    this.signal = signal
    this.logger = logger
    this.#dates = context
  }

  get logicalDate(): Date {
    return this.date('logicalDate')
  }

  get dataIntervalStart(): Date {
    return this.date('dataIntervalStart')
  }

  get dataIntervalEnd(): Date {
    return this.date('dataIntervalEnd')
  }

  get ds(): string {
    return dateIn(this.timezone, this.date('logicalDate'))
  }

  private date(name: 'logicalDate' | 'dataIntervalStart' | 'dataIntervalEnd'): Date {
    const at = this.#dates[name]
    if (at === null) {
      throw new Error(
        `The run "${this.runId}" has no ${name}: it was triggered without a logical date. Use getContext().runAfter, or trigger it with one.`,
      )
    }
    return new Date(at)
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** `YYYY-MM-DD`. */
function dateIn(zone: string, at: Date): string {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(zone, format)
  }
  return format.format(at)
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
