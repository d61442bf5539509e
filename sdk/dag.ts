/**
 * A Dag: the root of what an author declares. Constructing one records and registers it, nothing more; it never throws,
 * because mistakes are reported all at once when the file has been read.
 */
import { brand } from './brand.ts'
import { callSite } from './call-site.ts'
import { register } from './collection.ts'
import type { DagDeclarations } from './declarations.ts'
import type { DagOptions, TaskOptions } from './options.ts'
import type { ParamsOf, ParamsSpec } from './params.ts'
import { ParamRef } from './task-ref.ts'
import { scopeMethods, type TaskScope } from './task-scope.ts'

/** What both entries of this package share. `P`: the values of its params; `O`: the task options its entry knows. */
export abstract class BaseDag<P, O extends TaskOptions> implements TaskScope<O> {
  declare readonly '~params'?: P
  readonly dagId: string
  /** Declares a task and gives back its factory: `dag.task(id, handler, options?)` or `dag.task(handler, options?)`. */
  declare readonly task: TaskScope<O>['task']
  /** Declares a group; ids inside are prefixed with its own. */
  declare readonly taskGroup: TaskScope<O>['taskGroup']
  /** Declares a group that is undone as one: `dag.saga(id, (saga) => { ... })`. */
  declare readonly saga: TaskScope<O>['saga']
  /** A choice on a boolean: `dag.if(ref).then(a).else(b)`. */
  declare readonly if: TaskScope<O>['if']
  /** A choice among several: `dag.switch(ref).case(a).case(b)`. */
  declare readonly switch: TaskScope<O>['switch']
  /** A task that starts a run of another Dag. */
  declare readonly triggerDagRun: TaskScope<O>['triggerDagRun']

  protected constructor(dagId: string, options: unknown, entry: DagDeclarations['entry']) {
    this.dagId = dagId
    const dag: DagDeclarations = {
      dagId,
      options,
      entry,
      site: callSite(),
      tasks: [],
      placed: [],
      groups: [],
      edges: [],
      gates: [],
      mistakes: [],
      registered: false,
    }
    brand(this, 'dag', dag)
    Object.assign(this, scopeMethods({ dag, group: undefined }))
    register(this)
  }

  /** A param of the run as an argument of a task: `load({ region: dag.param('region') })`. */
  param<K extends keyof P & string>(name: K): ParamRef<P[K]> {
    return new ParamRef(name)
  }
}

/**
 * A Dag of scheduled tasks.
 *
 * ```ts
 * const dag = new Dag('sales', { schedule: '0 2 * * *', timezone: 'Europe/Berlin', startDate: '2026-01-01' })
 * const extract = dag.task('extract', async ({ region }: { region: string }) => fetchRows(region), { retries: 5 })
 * const load = dag.task('load', async ({ rows }: { rows: Row[] }) => save(rows))
 * load({ rows: extract({ region: 'eu' }) })
 * ```
 */
export class Dag<const S extends ParamsSpec = Record<never, never>> extends BaseDag<ParamsOf<S>, TaskOptions> {
  constructor(dagId: string, options: DagOptions<S> = {}) {
    super(dagId, options, 'tradewind')
  }
}
