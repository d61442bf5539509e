/**
 * A run by hand, by a program or by a task. Invariant: one trigger key makes one run of a Dag, however often, from where and
 * with whatever else it is asked for; every further trigger is answered with that run, also when it has ended.
 */
import { correlationOf, correlationProblem, triggerKeyProblem } from '../correlation.ts'
import type { Json } from '../json.ts'
import { resolveParams } from '../params.ts'
import { triggerKeyText } from '../ports/store.ts'
import type { CommandAnswer, CommandRecord, CommandRequest } from '../records.ts'
import { isStorable } from '../storable-text.ts'
import { manualInterval } from '../timetable/index.ts'
import { accept, refuse, unknownDag } from './answers.ts'
import type { Draft } from './draft.ts'
import type { DagMemory } from './memory.ts'
import { UNSTORABLE_NOTE } from './run-commands.ts'
import { queueRun } from './runs.ts'

type Trigger = Extract<CommandRequest, { kind: 'trigger' }>

export function trigger(draft: Draft, command: CommandRecord, request: Trigger): CommandAnswer {
  const dag = draft.dag(request.dagId)
  if (dag === undefined) return unknownDag(draft, request.dagId)
  const earlier = earlierRun(draft, request)
  if (earlier !== null) return earlier.ok ? triggered(dag, earlier.run, true) : earlier.answer
  if (!dag.record.isActive) {
    return refuse(
      'dag-inactive',
      `Dag "${request.dagId}" is inactive: its file ${dag.record.file} is gone or no longer declares it; put it back to run it`,
    )
  }
  const { maxQueuedRuns } = draft.memory.defaults
  if (dag.queued.length >= maxQueuedRuns) {
    return refuse(
      'too-many-queued-runs',
      `${dag.queued.length} runs of Dag "${request.dagId}" are queued already, which is the most (scheduler.max_queued_runs); ` +
        'trigger it again when some have ended, or give it a higher maxActiveRuns',
    )
  }
  let conf: Json
  try {
    conf = JSON.parse(request.conf ?? '{}') as Json
  } catch {
    return refuse('bad-conf', 'conf is not JSON; pass an object such as {"region":"eu"}')
  }
  if (request.note != null && !isStorable(request.note)) return refuse('bad-note', UNSTORABLE_NOTE)
  const resolved = resolveParams(dag.graph.serialized.params, conf)
  if (!resolved.ok) return refuse('bad-params', resolved.message)
  const correlation = correlationOfTrigger(request, dag, resolved.params)
  if (!correlation.ok) return refuse('bad-correlation', correlation.message)
  if (request.runId !== undefined && !isRunId(request.runId)) {
    return refuse('bad-run-id', 'the run id must have 1 to 250 characters and no control characters')
  }
  if (request.runId !== undefined && draft.findRun(request.dagId, request.runId) !== undefined) {
    return refuse('run-exists', `Dag "${request.dagId}" has a run "${request.runId}" already; choose another id`)
  }
  const logicalDate = request.logicalDate ?? manualDate(draft.now, dag)
  if (!Number.isFinite(logicalDate) || Math.abs(logicalDate) > 8.64e15) {
    return refuse('bad-logical-date', `the logical date ${request.logicalDate} is not an instant`)
  }
  const interval = manualInterval(dag.graph.schedule, logicalDate)
  const lastManualDate = request.logicalDate === undefined ? logicalDate : dag.lastManualDate
  const record = queueRun(
    draft,
    { ...dag, lastManualDate },
    {
      runType: 'manual',
      runId: request.runId ?? `manual__${new Date(logicalDate).toISOString()}`,
      logicalDate,
      dataIntervalStart: interval.start,
      dataIntervalEnd: interval.end,
      runAfter: draft.now,
      conf: JSON.stringify(resolved.params),
      note: request.note ?? null,
      triggeredBy: command.actor,
      correlationId: correlation.id,
      triggerKey: request.triggerKey ?? null,
    },
  )
  if (request.triggerKey !== undefined) {
    draft.rare.triggerKeys.set(triggerKeyText(request.dagId, request.triggerKey), record)
  }
  return triggered(dag, record, false)
}

interface TriggeredRun {
  readonly id: number
  readonly runId: string
}

/** `existed`: an earlier trigger with the same key made it. */
function triggered({ record: { dagId, isPaused } }: DagMemory, { id, runId }: TriggeredRun, existed: boolean) {
  return accept({ dag_id: dagId, dag_run_id: runId, id, is_paused: isPaused, ...(existed ? { existed } : {}) })
}

/** What the trigger's key has led to before; `null`: nothing, or it has none. */
function earlierRun(
  draft: Draft,
  { dagId, triggerKey }: Trigger,
): { readonly ok: true; readonly run: TriggeredRun } | { readonly ok: false; readonly answer: CommandAnswer } | null {
  if (triggerKey === undefined) return null
  const problem = triggerKeyProblem(triggerKey)
  if (problem !== null) return { ok: false, answer: refuse('bad-trigger-key', problem) }
  const key = triggerKeyText(dagId, triggerKey)
  const run = draft.rare.triggerKeys.get(key) ?? draft.rare.found.triggerKeys.get(key)
  return run === undefined || draft.isDeleted(run.id) ? null : { ok: true, run }
}

/** Given by the trigger, else made by the Dag, else that of the run whose task triggers. */
function correlationOfTrigger(request: Trigger, { graph }: DagMemory, params: Json): ReturnType<typeof correlationOf> {
  const { correlationId: given, inheritedCorrelationId: inherited = null } = request
  if (given !== undefined) {
    const message = correlationProblem(given)
    return message === null ? { ok: true, id: given } : { ok: false, message }
  }
  const template = graph.serialized.correlationId
  const made = template === undefined ? null : correlationOf(template, params)
  return made === null || (made.ok && made.id === null) ? { ok: true, id: inherited } : made
}

/** 1 to 250 characters that a terminal shows and does not obey, and no halves of one. */
function isRunId(text: string): boolean {
  return text.length <= 250 && /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+$/u.test(text)
}

/** Now, moved by a few milliseconds where needed: unique among manual runs and never on a tick of the schedule. */
function manualDate(now: number, dag: DagMemory): number {
  let date = Math.max(now, dag.lastManualDate + 1)
  while (date % 1000 === 0 || date === dag.next?.logicalDate) date++
  return date
}
