/**
 * The Dag of Airflow's own TypeScript SDK, by its option names. What has no meaning here (queues, executors, mail) is
 * accepted and ignored; what is not built yet (`dependsOnPast`, ...) is an import problem once it is switched on.
 */
import { BaseDag } from '../dag.ts'
import { declarationsOf } from '../declarations.ts'
import type { DagOptions, TaskOptions } from '../options.ts'
import type { ParamsOf, ParamsSpec } from '../params.ts'
import type { TaskRef } from '../task-ref.ts'

/** Options of an Airflow Dag. Durations are seconds. */
export interface DagSpec<P extends ParamsSpec = ParamsSpec> extends DagOptions<P> {
  readonly disableBundleVersioning?: boolean | undefined
  readonly maxConsecutiveFailedDagRuns?: number | undefined
  readonly queue?: string | undefined
  readonly renderTemplateAsNativeObj?: boolean | undefined
}

/** Options of an Airflow task. Durations are seconds. */
export interface TaskSpec extends TaskOptions {
  readonly dependsOnPast?: boolean | undefined
  readonly emailOnFailure?: boolean | undefined
  readonly emailOnRetry?: boolean | undefined
  readonly executor?: string | undefined
  readonly ignoreFirstDependsOnPast?: boolean | undefined
  readonly mapIndexTemplate?: string | undefined
  readonly queue?: string | undefined
  readonly waitForDownstream?: boolean | undefined
  readonly waitForPastDependsBeforeSkipping?: boolean | undefined
  /** The beta's: references in order of declaration; they carry no values. */
  readonly inputs?: Readonly<Record<string, Pick<TaskRef, 'dagId' | 'taskId'>>> | undefined
  /** The beta's: the same options once more. */
  readonly spec?: Omit<TaskSpec, 'inputs' | 'spec'> | undefined
}

export class Dag<const S extends ParamsSpec = Record<never, never>> extends BaseDag<ParamsOf<S>, TaskSpec> {
  readonly spec: DagSpec<S>

  constructor(dagId: string, spec: DagSpec<S> = {}) {
    super(dagId, spec, 'airflow')
    this.spec = spec
  }

  /** Ids of its tasks, in order of declaration. */
  get taskIds(): readonly string[] {
    return declarationsOf(this).tasks.map((task) => task.taskId)
  }
}
