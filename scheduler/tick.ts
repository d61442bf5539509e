/**
 * One tick: decide, commit, apply, act. A tick that cannot be committed because of its data is taken apart until the
 * guilty command, result, timer or file is found; that one is answered with the error, all else goes on (invariant 11).
 */
import { apply } from '../core/engine/apply.ts'
import { type DecideOptions, decide, type Plan } from '../core/engine/decide.ts'
import type { SchedulerEvent } from '../core/engine/events.ts'
import type { RunMemory, SchedulerMemory } from '../core/engine/memory.ts'
import type { Timer } from '../core/engine/timer-heap.ts'
import type { Store } from '../core/ports/store.ts'
import { namesIn } from './named-in-commands.ts'

/** What a commit queued must be started within this; less than another leader waits before it repeats a try. */
const START_BY_MS = 5_000

const NONE: ReadonlyMap<number, RunMemory> = new Map()

/** Another scheduler leads now. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
}

export interface TickContext {
  readonly store: Store
  readonly memory: SchedulerMemory
  readonly draining: boolean
  /** Finished runs that commands of this tick name. */
  readonly loaded?: Map<number, RunMemory>
  now(): number
  /** Milliseconds that never jump. */
  monotonic(): number
  /** Carries out a committed plan. */
  act(plan: Plan): void
  log(line: string): void
}

/** @returns whether work is left. @throws FencedError; anything else means memory cannot be trusted any more. */
export async function tick(context: TickContext, events: readonly SchedulerEvent[]): Promise<boolean> {
  const { draining } = context
  const problem = await attempt(context, events, { draining })
  if (problem.plan !== null) return problem.plan.more
  context.log(`a tick of ${events.length} events failed and is taken apart: ${problem.message}`)
  await takeApart(context, events)
  const due = context.memory.timers.due(context.now(), Number.POSITIVE_INFINITY)
  for (const timer of due) await tickTimer(context, timer)
  return true
}

type Attempt = { readonly plan: Plan } | Failure

interface Failure {
  readonly plan: null
  /** For the log of the program. */
  readonly message: string
  /** For whoever is answered, and the event log: without a stack. */
  readonly told: string
  readonly isDuplicate: boolean
}

const UNIQUE_VIOLATION = '23505'

async function attempt(
  context: TickContext,
  events: readonly SchedulerEvent[],
  options: DecideOptions,
): Promise<Attempt> {
  const names = namesIn(events)
  const found = names === null ? {} : { found: await context.store.lookUp(context.memory.epoch, names) }
  let plan: Plan
  try {
    plan = decide(context.memory, events, context.now(), { ...options, ...found, loaded: unheld(context) })
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error)
    return { plan: null, message: (error instanceof Error && error.stack) || told, told, isDuplicate: false }
  }
  if (!plan.empty) {
    const askedAt = context.monotonic()
    const result = await context.store.commit(context.memory.epoch, plan.writes)
    if (result.status === 'fenced') throw new FencedError('another scheduler took the lease')
    if (result.status === 'data-error') {
      const message = `${result.message} (SQLSTATE ${result.sqlState})`
      return { plan: null, message, told: message, isDuplicate: result.sqlState === UNIQUE_VIOLATION }
    }
    // The answer came late (this program was stopped, say): a new leader may already count what was queued here as lost.
    if (context.monotonic() - askedAt > START_BY_MS)
      throw new Error('the answer to a commit came too late to act on it')
  }
  apply(context.memory, plan)
  keepLoaded(context.loaded, plan)
  context.act(plan)
  return { plan }
}

/** Taken apart, a tick goes on with what was loaded for it: as it is after this commit. */
function keepLoaded(loaded: Map<number, RunMemory> | undefined, { draft, writes }: Plan): void {
  if (loaded === undefined || loaded.size === 0) return
  for (const [id, run] of draft.runs) if (loaded.has(id)) loaded.set(id, run.committed())
  for (const id of [...writes.deletedRuns, ...writes.erasedRuns]) loaded.delete(id)
}

/** What was loaded for this tick and is not in memory by now: taken apart, a tick may have brought a run back before. */
function unheld({ memory, loaded }: TickContext): ReadonlyMap<number, RunMemory> {
  if (loaded === undefined || loaded.size === 0) return NONE
  return new Map([...loaded].filter(([id]) => !memory.runs.has(id) && !memory.parked.has(id)))
}

async function takeApart(context: TickContext, events: readonly SchedulerEvent[]): Promise<void> {
  if (events.length === 0) return
  // Timers and new runs are left out here, so that an event is not blamed for what a schedule does.
  const options = { draining: context.draining, timers: [], advance: false }
  const result = await attempt(context, events, options)
  if (result.plan !== null) return
  if (events.length > 1) {
    const middle = events.length >> 1
    await takeApart(context, events.slice(0, middle))
    await takeApart(context, events.slice(middle))
    return
  }
  const repair = repairOf(events[0]!, result)
  if (repair === null) throw new Error(`a repair failed: ${result.message}`)
  const repaired = await attempt(context, [repair], options)
  if (repaired.plan === null) throw new Error(`could not get past ${events[0]!.type}: ${repaired.message}`)
  context.log(`isolated ${events[0]!.type}: ${result.message}`)
}

/** What is done instead of an event that cannot be taken; `null` when it was a repair already. */
function repairOf(event: SchedulerEvent, { told: message, isDuplicate }: Failure): SchedulerEvent | null {
  switch (event.type) {
    case 'command':
      return { type: 'refuse-command', command: event.command, message, isDuplicate }
    case 'report':
      return { type: 'poison-report', report: event.report, message: `its result could not be stored: ${message}` }
    case 'dag-file': {
      if (event.report.type === 'complete' || event.report.type === 'gone') return null
      const { file, at } = event.report
      const problem = {
        code: 'not-storable',
        message: `the Dags of ${file} could not be stored: ${message}`,
        remedy: 'look for control characters or very large values in ids, descriptions and defaults',
        file,
      }
      return { type: 'dag-file', report: { type: 'broken', file, problems: [problem], at } }
    }
    default:
      return null
  }
}

async function tickTimer(context: TickContext, timer: Timer): Promise<void> {
  const { draining } = context
  // One run at a time: of several that are due only one may be guilty. The others follow in the next ticks.
  const result = await attempt(context, [], { draining, timers: [timer], oneStep: true })
  if (result.plan !== null) return
  const repair = repairOfTimer(timer, result.told)
  const options = { draining, timers: [], advance: false }
  const repaired = await attempt(context, [repair], options)
  if (repaired.plan === null) throw new Error(`could not get past the timer of ${timer.kind}: ${repaired.message}`)
  // Nothing to mend: the timer would fail for ever.
  if (repaired.plan.empty) context.memory.timers.remove([timer])
  context.log(`isolated the timer of ${timer.kind}: ${result.message}`)
}

function repairOfTimer(timer: Timer, message: string): SchedulerEvent {
  switch (timer.kind) {
    case 'dag':
      return { type: 'skip-step', dagId: timer.dagId, message: `the run could not be made: ${message}` }
    case 'retry':
    case 'run-timeout':
      return { type: 'set-aside-run', dagRunId: timer.dagRunId, message: `the run could not go on: ${message}` }
  }
}
