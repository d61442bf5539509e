/**
 * «Why is it not running?» as data: the reasons that keep one TI from starting, in the order in which they would have to
 * be removed. Pure, over facts that any reader of the tables can gather, and with the very functions the engine decides by.
 */
import { didYouMean } from './config/nearest-name.ts'
import { demandsOf, describeLimit, SLOTS } from './engine/limits.ts'
import type { DagGraph } from './graph.ts'
import type { DagRecord, PoolRecord, RunRecord, TiRecord } from './records.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES } from './states.ts'
import { evaluateTriggerRule } from './trigger-rules.ts'

export interface WhyNotFacts {
  readonly now: number
  /** A scheduler holds the lease. */
  readonly leading: boolean
  readonly dag: DagRecord
  /** Graph of the version the run is pinned to. */
  readonly graph: DagGraph
  readonly run: RunRecord
  /** How many runs of the Dag are running, and how many queued ones come before this one. */
  readonly runningRuns: number
  readonly queuedBefore: number
  /** By task id; empty while the run is queued. */
  readonly tis: ReadonlyMap<string, TiRecord>
  readonly taskId: string
  /** Units in use by limit, from the live executions. */
  readonly usage: ReadonlyMap<string, number>
  readonly pools: ReadonlyMap<string, PoolRecord>
  /** Executions allowed at once. */
  readonly slots: number
}

export interface Reason {
  /** Stable: `no-scheduler`, `run-queued`, `dag-paused`, `upstream`, `branch`, `retry-delay`, `limit`, `running`, `finished`, `ready`. */
  readonly code: string
  readonly message: string
}

export function whyNot(facts: WhyNotFacts): Reason[] {
  const { run, dag, graph, taskId } = facts
  const reasons: Reason[] = []
  const add = (code: string, message: string) => reasons.push({ code, message })
  if (!facts.leading) add('no-scheduler', 'no scheduler is leading; start one: npm start')
  if (dag.isPaused) add('dag-paused', `Dag ${dag.dagId} is paused; unpause it: tradewind dags unpause ${dag.dagId}`)
  if (run.state === 'queued') {
    if (facts.runningRuns >= graph.maxActiveRuns) {
      add(
        'run-queued',
        `the run waits: ${facts.runningRuns} of at most ${graph.maxActiveRuns} runs (maxActiveRuns) are running, ${facts.queuedBefore} queued ones come first`,
      )
    } else if (reasons.length === 0) add('run-queued', 'the run is queued and starts within a moment')
    return reasons
  }
  const ti = facts.tis.get(taskId)
  const index = graph.indexOf.get(taskId)
  if (ti === undefined || index === undefined) {
    add('unknown-task', `the run has no task "${taskId}".${didYouMean(taskId, graph.indexOf.keys())}`)
    return reasons
  }
  if (FINISHED_TI_STATES.has(ti.state)) return [{ code: 'finished', message: `it has ended: ${ti.state}` }]
  if (FINISHED_RUN_STATES.has(run.state)) return [{ code: 'finished', message: `its run has ended: ${run.state}` }]
  if (ti.state === 'running') return [{ code: 'running', message: `it is running (try ${ti.tryNumber})` }]
  if (ti.state === 'queued') {
    const live = facts.usage.get(SLOTS) ?? 0
    const when =
      live > facts.slots
        ? `waits there for a slot: ${live} tries are there, ${facts.slots} run at once, higher priorities first`
        : 'starts within a moment'
    return [{ code: 'running', message: `try ${ti.tryNumber} was handed to the executor and ${when}` }]
  }
  if (ti.state === 'up_for_retry' && ti.retryAt !== null && ti.retryAt > facts.now) {
    add(
      'retry-delay',
      `it waits for its retry at ${new Date(ti.retryAt).toISOString()} (try ${ti.tryNumber} of ${ti.maxTries} failed)`,
    )
    return reasons
  }
  if (ti.state === 'none') {
    const waiting = waitsForUpstream(facts, index)
    if (waiting !== null) {
      reasons.push(waiting)
      return reasons
    }
  }
  const demands = demandsOf(facts, { record: run, graph }, { record: dag, graph }, ti, index, false)
  for (const demand of demands) {
    if (demand.units === 0 || (facts.usage.get(demand.key) ?? 0) + demand.units <= demand.capacity) continue
    add(
      'limit',
      `${describeLimit(demand.key)}: ${facts.usage.get(demand.key) ?? 0} of ${demand.capacity} in use, it needs ${demand.units}`,
    )
  }
  if (reasons.length === 0) add('ready', 'nothing keeps it: it starts within a moment')
  return reasons
}

function waitsForUpstream(facts: WhyNotFacts, index: number): Reason | null {
  const { graph, tis } = facts
  const task = graph.tasks[index]!
  const state = (i: number) => tis.get(graph.tasks[i]!.taskId)?.state ?? 'none'
  const name = (i: number) => `${graph.tasks[i]!.taskId} (${state(i)})`
  const undecided = graph.deciders[index]!.filter((i) => !FINISHED_TI_STATES.has(state(i)))
  if (undecided.length > 0) {
    return { code: 'branch', message: `the branch of ${undecided.map(name).join(', ')} has not decided yet` }
  }
  const upstream = [...graph.upstream[index]!]
  const count = (wanted: string) => upstream.filter((i) => state(i) === wanted).length
  const verdict = evaluateTriggerRule(task.triggerRule, {
    success: count('success'),
    failed: count('failed'),
    skipped: count('skipped'),
    upstreamFailed: count('upstream_failed'),
    removed: count('removed'),
    total: upstream.length,
  })
  if (verdict !== 'wait') return null
  const open = upstream.filter((i) => !FINISHED_TI_STATES.has(state(i)))
  return { code: 'upstream', message: `trigger rule ${task.triggerRule} waits for ${open.map(name).join(', ')}` }
}
