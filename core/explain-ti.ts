/**
 * Why a task instance is in the state it is in, in sentences. For one that waits the reasons come from `why-not.ts`,
 * which asks the functions the scheduler decides by; nothing is written.
 */
import { buildGraph, isRetried } from './graph.ts'
import type { PlatformDefaults } from './platform-defaults.ts'
import type { DagRecord, DagVersionRecord, EventLine, PoolRecord, RunRecord, TiRecord, TryRecord } from './records.ts'
import { FINISHED_TI_STATES } from './states.ts'
import { whyNot } from './why-not.ts'

export interface TiFacts {
  readonly dag: DagRecord
  readonly run: RunRecord
  readonly ti: TiRecord
  /** All of the run. */
  readonly tis: readonly TiRecord[]
  /** The one the run is pinned to. */
  readonly version: DagVersionRecord | null
  /** Of this TI, first first. */
  readonly tries: readonly TryRecord[]
  /** Of the run, oldest first. */
  readonly events: readonly EventLine[]
  /** Running runs of the Dag, and queued ones older than the run. */
  readonly runningRuns: number
  readonly queuedBefore: number
  /** `units` of each live execution. */
  readonly units: readonly string[]
  readonly pools: readonly PoolRecord[]
  readonly draining: boolean
  readonly defaults: PlatformDefaults
  readonly slots: number
  /** A scheduler holds the lease. */
  readonly leading: boolean
  readonly now: number
}

export interface Explanation {
  /** A code of `why-not.ts`, or `history` for what has been. */
  readonly code: string
  readonly message: string
}

export function explainTi(facts: TiFacts): Explanation[] {
  const { ti, tries, now } = facts
  const last = tries.at(-1)
  switch (ti.state) {
    case 'queued':
      return [...waiting(facts, ti.taskId), ...past(`Given to the executor${since(last?.queuedAt ?? null, now)}.`)]
    case 'running':
      return [
        ...waiting(facts, ti.taskId),
        ...past(`It began${since(last?.startDate ?? null, now)}${whereItRuns(last)}.`),
      ]
    case 'none':
    case 'up_for_retry':
    case 'deferred':
    case 'compensating':
    case 'compensated':
      return [...past(...causeOf(last)), ...waiting(facts, ti.taskId)]
    case 'compensation_failed':
      return [...past(...causeOf(last), ...letterOf(last)), ...waiting(facts, ti.taskId)]
    case 'success':
      return past(`Try ${ti.tryNumber} succeeded at ${instant(ti.endDate)}.`)
    case 'failed': {
      const cause = causeOf(last)
      const used = `${ti.tryNumber} of ${ti.maxTries} tries are used.`
      const why = cause.length > 0 ? cause : lastEventCause(facts)
      return past(...why, used, ...withoutRetries(facts), ...letterOf(last))
    }
    case 'removed':
    case 'skipped':
    case 'upstream_failed':
      return past(...lastEventCause(facts), ...upstreamStates(facts))
  }
}

/** Why it does not start; for a run that is queued, with any of its tasks. */
export function waiting(facts: Omit<TiFacts, 'ti' | 'tries' | 'events'>, taskId: string): Explanation[] {
  const { dag, run, tis, version, defaults, slots, leading, now } = facts
  if (version === null) return past('The version of the Dag that its run used is not there any more.')
  const usage = new Map<string, number>()
  for (const text of facts.units) {
    for (const [key, units] of JSON.parse(text) as [string, number][]) usage.set(key, (usage.get(key) ?? 0) + units)
  }
  const reasons = whyNot({
    now,
    leading,
    dag,
    graph: buildGraph(version, defaults),
    run,
    runningRuns: facts.runningRuns,
    queuedBefore: facts.queuedBefore,
    tis: new Map(tis.map((other) => [other.taskId, other])),
    taskId,
    usage,
    pools: new Map(facts.pools.map((pool) => [pool.name, pool])),
    slots,
  })
  const state = tis.find((other) => other.taskId === taskId)?.state
  if (!facts.draining || state === 'queued' || state === 'running') return reasons
  return [
    { code: 'draining', message: 'the platform is draining: nothing starts until `tradewind resume`' },
    ...reasons,
  ]
}

function past(...messages: readonly string[]): Explanation[] {
  return messages.map((message) => ({ code: 'history', message }))
}

/** `extract ended as failed`, for each direct upstream that did not succeed. */
function upstreamStates({ ti, tis, version }: TiFacts): string[] {
  const task = version?.serialized.tasks.find((one) => one.taskId === ti.taskId)
  const states = new Map(tis.map((other) => [other.taskId, other.state]))
  return (task?.upstream ?? []).flatMap((taskId) => {
    const state = states.get(taskId)
    if (state === undefined || state === 'success') return []
    return [`${taskId} ${FINISHED_TI_STATES.has(state) ? `ended as ${state}` : `is ${state}`}.`]
  })
}

function causeOf(last: TryRecord | undefined): string[] {
  if (last === undefined || last.cause === null) return []
  return [`Try ${last.tryNumber} ended (${last.cause.kind}): ${last.cause.message}`]
}

/** A final failure leaves one; a TI that was marked by hand has none. */
function letterOf(last: TryRecord | undefined): string[] {
  if (last === undefined || last.cause === null) return []
  return [`It left a dead letter: \`tradewind dead-letters show ${last.tiId}-${last.tryNumber}\`.`]
}

function withoutRetries({ ti, version, defaults }: TiFacts): string[] {
  const { serialized } = version ?? {}
  const task = serialized?.tasks.find((one) => one.taskId === ti.taskId)
  const strategy = task?.errorStrategy ?? serialized?.errorStrategy ?? defaults.errorStrategy
  return strategy === undefined || isRetried(strategy)
    ? []
    : [`Its error strategy is ${strategy}: nothing is repeated.`]
}

function lastEventCause({ ti, events }: TiFacts): string[] {
  const event = events.findLast((one) => one.tiId === ti.id && one.cause !== null)
  return event === undefined ? [] : [`${event.cause}`]
}

function whereItRuns(last: TryRecord | undefined): string {
  if (last === undefined || last.host === null) return ''
  return ` on ${last.host}${last.pid === null ? '' : `, process ${last.pid}`}`
}

function since(at: number | null, now: number): string {
  return at === null ? '' : ` at ${instant(at)}, ${Math.max(0, Math.round((now - at) / 1_000))} s ago`
}

/** `2026-01-31 02:00:00Z` */
function instant(at: number | null): string {
  if (at === null) return '-'
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$/, 'Z')
}
