/**
 * The graph of one Dag version with every platform default resolved: what `decide` walks. Built once per version with
 * graphology (order, cycles); the hot loops then run on plain arrays. Task index = position in the serialized Dag.
 */
import { DirectedGraph } from 'graphology'
import { topologicalSort } from 'graphology-dag'
import type { PlatformDefaults } from './platform-defaults.ts'
import { priorityWeights } from './priority.ts'
import type { RetryPolicy } from './retry-delay.ts'
import { type SagaScopes, sagaScopes } from './saga-scopes.ts'
import type { CompensateSpec, ErrorStrategy, SerializedDag, SerializedTask, TriggerRule } from './serialized-dag.ts'
import type { ScheduleSpec } from './timetable/index.ts'

/** A task with its defaults filled in. */
export interface GraphTask {
  readonly index: number
  readonly taskId: string
  readonly serialized: SerializedTask
  readonly triggerRule: TriggerRule
  /** The task's own, else the Dag's, else the platform's. */
  readonly errorStrategy: ErrorStrategy
  /** 0 where the strategy allows none. */
  readonly retries: number
  readonly retryPolicy: RetryPolicy
  readonly timeoutMs: number | null
  readonly pool: string
  readonly poolSlots: number
  /** Effective weight by the task's weight rule; higher goes first. */
  readonly priority: number
  readonly maxActiveTisPerDag: number | null
  readonly memoryLimitMb: number
  /** How it is undone; `null`: it is not. */
  readonly compensate: GraphCompensation | null
}

/** How a task is undone, with its defaults filled in. */
interface GraphCompensation {
  readonly alsoWhenFailed: boolean
  readonly retries: number
  readonly retryPolicy: RetryPolicy
  readonly timeoutMs: number | null
}

export interface DagGraph extends SagaScopes {
  readonly dagId: string
  readonly versionId: number
  readonly bundleHash: string
  readonly serialized: SerializedDag
  readonly tasks: readonly GraphTask[]
  readonly indexOf: ReadonlyMap<string, number>
  readonly upstream: readonly Int32Array[]
  readonly downstream: readonly Int32Array[]
  /** Per task: the upstream tasks whose branches have it as a candidate. */
  readonly deciders: readonly (readonly number[])[]
  /** Indexes in topological order: evaluating in this order settles a run in one pass. */
  readonly order: Int32Array
  readonly schedule: ScheduleSpec
  readonly maxActiveRuns: number
  readonly maxActiveTasks: number
  readonly dagrunTimeoutMs: number | null
  /** Some task can be undone. */
  readonly compensates: boolean
  /** The Dag's own, else the platform's: for runs that end before their tasks have. */
  readonly errorStrategy: ErrorStrategy
  readonly failFast: boolean
}

/** @throws when the serialized Dag has a cycle or names an unknown upstream: the processor lets none through. */
export function buildGraph(
  version: { readonly versionId: number; readonly bundleHash: string; readonly serialized: SerializedDag },
  defaults: PlatformDefaults,
): DagGraph {
  const dag = version.serialized
  const indexOf = new Map(dag.tasks.map((task, index) => [task.taskId, index]))
  const graph = new DirectedGraph()
  for (const task of dag.tasks) graph.addNode(task.taskId)
  for (const task of dag.tasks) {
    for (const upstreamId of task.upstream) {
      if (!indexOf.has(upstreamId)) {
        throw new Error(`task "${task.taskId}" of Dag "${dag.dagId}" names an unknown upstream "${upstreamId}"`)
      }
      graph.mergeDirectedEdge(upstreamId, task.taskId)
    }
  }
  const index = (taskId: string) => indexOf.get(taskId)!
  const order = Int32Array.from(topologicalSort(graph), index)
  const sortedIndexes = (ids: string[]) => Int32Array.from(ids, index).sort()
  const upstream = dag.tasks.map((task) => sortedIndexes(graph.inNeighbors(task.taskId)))
  const downstream = dag.tasks.map((task) => sortedIndexes(graph.outNeighbors(task.taskId)))
  const priorities = priorityWeights(
    dag.tasks.map((task) => ({ weight: task.priorityWeight ?? 1, rule: task.weightRule ?? 'downstream' })),
    downstream,
    upstream,
  )
  const errorStrategy = dag.errorStrategy ?? defaults.errorStrategy ?? 'retry-then-compensate'
  return {
    ...sagaScopes(dag, downstream),
    dagId: dag.dagId,
    versionId: version.versionId,
    bundleHash: version.bundleHash,
    serialized: dag,
    tasks: dag.tasks.map((task, i) => resolveTask(task, i, priorities[i] ?? 1, dag, errorStrategy, defaults)),
    indexOf,
    upstream,
    downstream,
    deciders: findDeciders(dag, indexOf),
    order,
    schedule: {
      schedule: dag.schedule,
      timezone: dag.timezone,
      startDate: dag.startDate ?? null,
      endDate: dag.endDate ?? null,
      catchup: dag.catchup ?? defaults.catchup,
    },
    maxActiveRuns: dag.maxActiveRuns ?? defaults.maxActiveRuns,
    maxActiveTasks: dag.maxActiveTasks ?? defaults.maxActiveTasks,
    dagrunTimeoutMs: dag.dagrunTimeoutMs ?? null,
    compensates: dag.tasks.some((task) => task.compensate !== undefined),
    errorStrategy,
    failFast: dag.failFast ?? false,
  }
}

function resolveTask(
  task: SerializedTask,
  index: number,
  priority: number,
  dag: SerializedDag,
  dagStrategy: ErrorStrategy,
  defaults: PlatformDefaults,
): GraphTask {
  // A file written for Airflow's SDK knows no default timeout, so it gets none.
  const timeoutDefault = dag.airflow === true ? null : defaults.timeoutMs
  const errorStrategy = task.errorStrategy ?? dagStrategy
  return {
    index,
    taskId: task.taskId,
    serialized: task,
    triggerRule: task.triggerRule ?? 'all_success',
    errorStrategy,
    retries: isRetried(errorStrategy) ? (task.retries ?? defaults.retries) : 0,
    retryPolicy: {
      delayMs: task.retryDelayMs ?? defaults.retryDelayMs,
      backoff: task.retryBackoff ?? defaults.retryBackoff,
      maxDelayMs: task.maxRetryDelayMs ?? defaults.maxRetryDelayMs,
      jitter: task.retryJitter ?? defaults.retryJitter,
    },
    timeoutMs: task.timeoutMs === undefined ? timeoutDefault : task.timeoutMs,
    pool: task.pool ?? defaults.pool,
    poolSlots: task.poolSlots ?? 1,
    priority,
    maxActiveTisPerDag: task.maxActiveTisPerDag ?? null,
    memoryLimitMb: task.memoryLimitMb ?? defaults.memoryLimitMb,
    compensate: task.compensate === undefined ? null : resolveCompensation(task.compensate, timeoutDefault, defaults),
  }
}

/** The platform's defaults, not the task's own numbers: undoing is other work than doing. */
function resolveCompensation(
  spec: CompensateSpec,
  timeoutDefault: number | null,
  defaults: PlatformDefaults,
): GraphCompensation {
  return {
    alsoWhenFailed: spec.alsoWhenFailed ?? false,
    retries: spec.retries ?? defaults.retries,
    retryPolicy: {
      delayMs: spec.retryDelayMs ?? defaults.retryDelayMs,
      backoff: spec.retryBackoff ?? defaults.retryBackoff,
      maxDelayMs: spec.maxRetryDelayMs ?? defaults.maxRetryDelayMs,
      jitter: defaults.retryJitter,
    },
    timeoutMs: spec.timeoutMs === undefined ? timeoutDefault : spec.timeoutMs,
  }
}

/** Whether a final failure under it leads to compensation. */
export function isCompensating(strategy: ErrorStrategy): boolean {
  return strategy === 'compensate' || strategy === 'retry-then-compensate'
}

/** Whether own failures of a task are repeated; what the platform lost is repeated under every strategy. */
export function isRetried(strategy: ErrorStrategy): boolean {
  return strategy === 'retry' || strategy === 'retry-then-compensate'
}

/** Every task below `start`, itself included. */
export function descendants(graph: DagGraph, start: Iterable<number>): Set<number> {
  return reach(graph.downstream, start)
}

/** Every task above `start`, itself included. */
export function ancestors(graph: DagGraph, start: Iterable<number>): Set<number> {
  return reach(graph.upstream, start)
}

function reach(next: readonly Int32Array[], start: Iterable<number>): Set<number> {
  const seen = new Set<number>(start)
  const stack = [...seen]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const neighbour of next[at]!) {
      if (!seen.has(neighbour)) {
        seen.add(neighbour)
        stack.push(neighbour)
      }
    }
  }
  return seen
}

/** Ids of every task a task's branches choose between. */
function branchCandidates(task: SerializedTask): string[] {
  return (task.branches ?? []).flatMap((branch) =>
    branch.kind === 'if'
      ? [...branch.then, ...branch.else]
      : [...branch.cases.flatMap((one) => one.taskIds), ...(branch.otherwise ?? [])],
  )
}

function findDeciders(dag: SerializedDag, indexOf: ReadonlyMap<string, number>): number[][] {
  const deciders: number[][] = dag.tasks.map(() => [])
  dag.tasks.forEach((task, i) => {
    for (const id of new Set(branchCandidates(task))) {
      const candidate = indexOf.get(id)
      if (candidate !== undefined) deciders[candidate]!.push(i)
    }
  })
  return deciders
}

/**
 * Task indexes a branch excludes: its candidates, less those followed and those also below a followed one
 * (airflow-behaviour 1.1 "Branching").
 */
export function excludedByBranches(graph: DagGraph, task: GraphTask, followed: readonly string[]): number[] {
  const indexes = (ids: readonly string[]) => ids.map((id) => graph.indexOf.get(id)).filter((i) => i !== undefined)
  const kept = descendants(graph, indexes(followed))
  const candidates = new Set(indexes(branchCandidates(task.serialized)))
  return [...candidates].filter((i) => !kept.has(i)).sort((a, b) => a - b)
}
