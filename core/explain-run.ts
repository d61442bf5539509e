/**
 * Why a run is where it is, in a sentence, and which of its task instances say more: what failed, what could not be undone,
 * what is under way, what could begin and does not. Pure; what is said of a single one comes from `explain-ti.ts`.
 */
import { type Explanation, explainTi, type TiFacts, waiting } from './explain-ti.ts'
import type { DagGraph } from './graph.ts'
import type { CompensationRecord, TiRecord, TryRecord } from './records.ts'
import { FINISHED_TI_STATES, type TiState } from './states.ts'

export interface RunFacts extends Omit<TiFacts, 'ti' | 'tries'> {
  /** `null`: the version is gone. */
  readonly graph: DagGraph | null
  /** By TI id, at least of `telling`. */
  readonly lastTries: ReadonlyMap<number, TryRecord>
  /** Newest of each TI. */
  readonly compensations: readonly CompensationRecord[]
}

interface RunExplanation {
  readonly summary: string
  readonly tis: readonly { readonly ti: TiRecord; readonly reasons: readonly Explanation[] }[]
  /** Of those that say more, how many were left out. */
  readonly more: number
}

/** Explained one by one. */
const MOST_TIS = 5

export function explainRun(facts: RunFacts): RunExplanation {
  const all = tellingTis(facts)
  const tis = all.slice(0, MOST_TIS).map((ti) => {
    const last = facts.lastTries.get(ti.id)
    return { ti, reasons: explainTi({ ...facts, ti, tries: last === undefined ? [] : [last] }) }
  })
  return { summary: summaryOf(facts), tis, more: all.length - tis.length }
}

/** In this order; what only waits for others, or has ended well, says nothing of its own. */
const TELLING: readonly TiState[] = [
  'compensation_failed',
  'failed',
  'running',
  'queued',
  'compensating',
  'up_for_retry',
  'deferred',
  'none',
]

export function tellingTis({
  run,
  tis,
  graph,
  compensations,
}: Pick<RunFacts, 'run' | 'tis' | 'graph' | 'compensations'>) {
  if (run.state === 'success') return []
  const states = new Map(tis.map((ti) => [ti.taskId, ti.state]))
  const isReady = (ti: TiRecord) => {
    const index = graph?.indexOf.get(ti.taskId)
    if (graph === null || index === undefined) return false
    return [...graph.upstream[index]!].every((up) =>
      FINISHED_TI_STATES.has(states.get(graph.tasks[up]!.taskId) ?? 'none'),
    )
  }
  const failedMidway = new Set(compensations.filter((one) => one.forwardState === 'failed').map((one) => one.tiId))
  const rank = (ti: TiRecord) => {
    if (ti.state === 'compensated') return failedMidway.has(ti.id) ? 1 : -1
    return ti.state === 'none' && !isReady(ti) ? -1 : TELLING.indexOf(ti.state)
  }
  return tis
    .map((ti) => ({ ti, rank: rank(ti) }))
    .filter((one) => one.rank >= 0)
    .sort((a, b) => a.rank - b.rank || (a.ti.endDate ?? Infinity) - (b.ti.endDate ?? Infinity) || a.ti.id - b.ti.id)
    .map((one) => one.ti)
}

function summaryOf(facts: RunFacts): string {
  const { run, tis } = facts
  const inState = (...states: TiState[]) => tis.filter((ti) => states.includes(ti.state))
  switch (run.state) {
    case 'success':
      return `It succeeded${when(run.endDate)}.`
    case 'queued': {
      const first = facts.graph?.tasks[0]?.taskId
      const reasons = first === undefined ? [] : waiting(facts, first)
      return `${['It is queued', ...reasons.map((reason) => reason.message)].join('; ')}.`
    }
    case 'running': {
      const ended = tis.filter((ti) => FINISHED_TI_STATES.has(ti.state)).length
      return `${[
        `It is running: ${ended} of ${count(tis.length, 'task instance')} ended`,
        ...listed('running', inState('running', 'queued')),
        ...listed('waiting for a retry', inState('up_for_retry')),
        ...listed('failed', inState('failed')),
        ...listed('being undone', inState('compensating')),
      ].join('; ')}.`
    }
    case 'compensating':
      return `${['It is being undone', ...because(facts), ...undone(facts)].join('; ')}.`
    case 'failed':
      return `${[`It failed${when(run.endDate)}`, ...because(facts), ...undone(facts)].join('; ')}.`
  }
}

/** The task whose failure was the cause, and what it said. */
function because({ tis, compensations, lastTries }: RunFacts): string[] {
  const told = compensations.find((one) => one.failedTask !== null)
  if (told !== undefined) return [`task ${told.failedTask} failed${told.error === null ? '' : `: ${bare(told.error)}`}`]
  const [first] = tis
    .filter((ti) => ti.state === 'failed')
    .sort((a, b) => (a.endDate ?? Infinity) - (b.endDate ?? Infinity))
  if (first === undefined) return []
  const cause = lastTries.get(first.id)?.cause
  return [`task ${first.taskId} failed${cause == null ? '' : `: ${bare(cause.message)}`}`]
}

function undone({ tis }: RunFacts): string[] {
  const inState = (state: TiState) => tis.filter((ti) => ti.state === state)
  return [
    ...listed('undone', inState('compensated')),
    ...listed('still to be undone', inState('compensating')),
    ...listed('could not be undone', inState('compensation_failed')),
  ]
}

const MOST_NAMES = 5

/** `running: a, b and 3 more` */
function listed(what: string, tis: readonly TiRecord[]): string[] {
  if (tis.length === 0) return []
  const names = tis.slice(0, MOST_NAMES).map((ti) => (ti.mapIndex < 0 ? ti.taskId : `${ti.taskId}[${ti.mapIndex}]`))
  const rest = tis.length > MOST_NAMES ? ` and ${tis.length - MOST_NAMES} more` : ''
  return [`${what}: ${names.join(', ')}${rest}`]
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`
}

/** Goes on in the middle of a sentence. */
function bare(text: string): string {
  return text.split('\n', 1)[0]!.replace(/[.\s]+$/, '')
}

function when(at: number | null): string {
  return at === null
    ? ''
    : ` at ${new Date(at)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z')}`
}
