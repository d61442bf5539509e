/**
 * «Why is it not running?» as data: the reasons that keep one TI from starting, in the order in which they would have to
 * be removed. Pure, over facts that any reader of the tables can gather, and with the very functions the engine decides by.
 */
import { didYouMean } from './config/nearest-name.ts'
import { demandsOf, describeLimit, SLOTS, tiKey } from './engine/limits.ts'
import { type DagGraph, descendants } from './graph.ts'
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
  /**
   * Stable: `no-scheduler`, `run-queued`, `dag-paused`, `upstream`, `branch`, `saga`, `undo-order`, `still-working`, `retry-delay`,
   * `limit`, `running`, `finished`, `ready`.
   */
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
  const isUndone = ti.state === 'compensating'
  if (isUndone && isLive(facts, ti)) return [{ code: 'running', message: `try ${ti.tryNumber} of it is under way` }]
  const before = isUndone ? comesBefore(facts, index) : null
  if (before !== null) return [...reasons, before]
  if ((isUndone || ti.state === 'up_for_retry') && ti.retryAt !== null && ti.retryAt > facts.now) {
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
  const name = (i: number) => named(facts, i)
  const saga = waitsForSaga(facts, index)
  if (saga !== null) return saga
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

/** A try of it is queued, running, or was asked to end and has not yet. */
function isLive({ usage }: WhyNotFacts, ti: TiRecord | undefined): boolean {
  return ti !== undefined && (usage.get(tiKey(ti.id)) ?? 0) > 0
}

/** What has to be undone before it, or to end before anything of the run is undone. */
function comesBefore(facts: WhyNotFacts, index: number): Reason | null {
  const { run, graph, tis } = facts
  const tiOf = (i: number) => tis.get(graph.tasks[i]!.taskId)
  const below = [...descendants(graph, [index])].filter((i) => i !== index && tiOf(i)?.state === 'compensating')
  if (below.length > 0) {
    return { code: 'undo-order', message: `what is below it is undone first: ${listed(facts, below)}` }
  }
  if (run.state !== 'compensating') return null
  const working = graph.tasks.map((task) => task.index).filter((i) => isLive(facts, tiOf(i)))
  const cutOff = working.filter((i) => tiOf(i)?.state !== 'compensating')
  if (cutOff.length === 0) return null
  return {
    code: 'still-working',
    message: `nothing of the run is undone before what was asked to end has ended: ${listed(facts, cutOff)}`,
  }
}

/** Below a saga: nobody builds on what may be undone. */
function waitsForSaga(facts: WhyNotFacts, index: number): Reason | null {
  const { graph, tis } = facts
  for (const saga of graph.heldBy?.[index] ?? []) {
    const { sagaId, members } = graph.sagas[saga]!
    const open = [...members].filter((i) => {
      const ti = tis.get(graph.tasks[i]!.taskId)
      return !FINISHED_TI_STATES.has(ti?.state ?? 'none') || isLive(facts, ti)
    })
    if (open.length > 0) {
      return { code: 'saga', message: `it waits until the saga ${sagaId} has settled: ${listed(facts, open)}` }
    }
  }
  return null
}

const MOST_NAMES = 5

function listed(facts: WhyNotFacts, indexes: readonly number[]): string {
  const names = indexes.slice(0, MOST_NAMES).map((i) => named(facts, i))
  return names.join(', ') + (indexes.length > MOST_NAMES ? ` and ${indexes.length - MOST_NAMES} more` : '')
}

function named({ graph, tis }: WhyNotFacts, index: number): string {
  const { taskId } = graph.tasks[index]!
  return `${taskId} (${tis.get(taskId)?.state ?? 'none'})`
}
