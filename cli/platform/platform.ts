/**
 * What commands do with the platform, whether it is the database of this machine (`local-*.ts`) or a server elsewhere
 * (`cli/remote/`): the same verbs, the same answers. Shapes are what `--json` prints; instants are ISO 8601.
 * Invariant: everything throws `CommandFailure` with its remedy when it cannot be done.
 */
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import type { CountedBy } from '../../core/event-log/kinds.ts'
import type { LogLine } from '../../core/ports/log-store.ts'
import type { ClearOptions, MarkOptions } from '../../core/records.ts'
import type { RunState, TiState } from '../../core/states.ts'
import type { changeLetters, LetterSelection } from '../../webserver/letters/change-letters.ts'
import type {
  GroupQuery,
  LetterPageQuery,
  readLetter,
  readLetterGroups,
  readLetters,
} from '../../webserver/letters/read-letters.ts'
import type { shownCompensation, shownPlanned } from '../../webserver/schemas/compensation.ts'
import type { search } from '../../webserver/search/search.ts'

export interface Dag {
  readonly dag_id: string
  readonly file: string
  readonly is_paused: boolean
  readonly is_active: boolean
  /** In words. */
  readonly schedule_text: string
  readonly timezone: string
  readonly tags: readonly string[]
  readonly version: number
  readonly next_run_after: string | null
}

export interface Run {
  /** Its number: the correlation id of the event log. */
  readonly id: number
  readonly dag_id: string
  readonly dag_run_id: string
  readonly run_type: string
  readonly state: RunState
  readonly logical_date: string | null
  readonly data_interval_start: string | null
  readonly data_interval_end: string | null
  readonly run_after: string
  readonly queued_at: string
  readonly start_date: string | null
  readonly end_date: string | null
  readonly conf: unknown
  readonly note: string | null
  readonly triggered_by: string
  /** Business id, such as an order number. */
  readonly correlation_id: string | null
  readonly trigger_key: string | null
  readonly version: number | null
}

export interface TaskInstance {
  readonly id: number
  readonly task_id: string
  readonly map_index: number
  readonly state: TiState
  readonly try_number: number
  readonly max_tries: number
  readonly start_date: string | null
  readonly end_date: string | null
  readonly retry_at: string | null
  readonly cause: CauseOfDeath | null
}

export interface Try {
  readonly try_number: number
  readonly state: TiState
  readonly queued_at: string | null
  readonly start_date: string | null
  readonly end_date: string | null
  readonly host: string | null
  readonly pid: number | null
  readonly cause: CauseOfDeath | null
}

export interface Why {
  /** `null` while its run is queued. */
  readonly ti: TaskInstance | null
  readonly tries: readonly Try[]
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
}

export interface Trigger {
  /** JSON text of an object. */
  readonly conf?: string
  readonly runId?: string
  readonly logicalDate?: number
  readonly note?: string
  readonly correlationId?: string
  /** Used before for this Dag: nothing new, the run of then. */
  readonly triggerKey?: string
}

/** Newest first. */
export interface RunFilter {
  readonly dagId?: string
  readonly state?: RunState
  readonly correlationId?: string
  readonly limit: number
}

/** What a clear or a mark would do. */
export interface Plan {
  readonly task_instances: readonly TaskInstance[]
  /** Of a mark: failed ones below, cleared so that the run goes on. */
  readonly cleared: readonly TaskInstance[]
  /** Of a clear: those of `task_instances` that come along because they were undone, or lie below what was. */
  readonly undone: readonly string[]
}

/** What it did. */
export interface Change {
  readonly dag_id: string
  readonly dag_run_id: string
  readonly task_ids: readonly string[]
  readonly cleared: readonly string[]
}

/** Bodies of the REST API, which say everything; what is printed with `--json` is the same. */
export type PlannedCompensation = ReturnType<typeof shownPlanned>
export type Compensation = ReturnType<typeof shownCompensation>
type LetterPage = Awaited<ReturnType<typeof readLetters>>
type GroupPage = Awaited<ReturnType<typeof readLetterGroups>>
type LetterDetails = Awaited<ReturnType<typeof readLetter>>
export type LettersChange = Awaited<ReturnType<typeof changeLetters>>
export type Found = Awaited<ReturnType<typeof search>>

export interface Redrive {
  /** The run goes on with the newest version of its Dag. */
  readonly newest: boolean
  /** What was done before is to be done again. */
  readonly newKeys: boolean
  /** JSON text of an object: arguments in place of those it had; for one letter. */
  readonly inputs?: string
}

/** Undoing what was completed, and what failed for good. */
export interface Failures {
  /** What a compensation by hand would undo, what is undone first at the front. */
  planCompensation(run: Run, taskIds?: readonly string[]): Promise<readonly PlannedCompensation[]>
  compensate(run: Run, taskIds?: readonly string[]): Promise<{ readonly task_ids: readonly string[] }>
  compensations(run: Run): Promise<readonly Compensation[]>

  letters(query: LetterPageQuery): Promise<LetterPage>
  letterGroups(query: GroupQuery): Promise<GroupPage>
  letter(id: string): Promise<LetterDetails>
  redrive(letters: LetterSelection, how: Redrive, dryRun: boolean): Promise<LettersChange>
  discard(letters: LetterSelection, reason: string, dryRun: boolean): Promise<LettersChange>

  /** What a name or a question is about, and why it is so. */
  search(question: string): Promise<Found>
}

export interface Event {
  readonly id: number
  readonly at: string
  readonly kind: string
  readonly actor: string
  readonly cause: string | null
  readonly dag_id: string | null
  readonly dag_run_id: string | null
  readonly task_id: string | null
  readonly map_index: number | null
  readonly try_number: number | null
  /** Numbers of its run and task instance, which stay when those are deleted. */
  readonly dag_run_number: number | null
  readonly task_instance_number: number | null
  /** What the other fields do not say and a rebuild needs (docs/event-log.md). */
  readonly data: unknown
}

export interface EventFilter {
  readonly dagId?: string
  readonly run?: Run
  /** Of whatever run. */
  readonly taskId?: string
  /** A business id, or the number of a run. */
  readonly correlation?: string
  /** `ti.failed`, or `run.` for all of runs. */
  readonly kinds: readonly string[]
  /** With a colon at its end a beginning: `user:`. */
  readonly actor?: string
  /** Instants, both inclusive. */
  readonly from?: number
  readonly to?: number
}

/** What tells of new events. */
export interface EventHints {
  isLive(): boolean
  close(): Promise<void>
}

export interface EventCount {
  readonly key: string | null
  readonly count: number
}

export interface EventPage extends EventFilter {
  /** Newest first. */
  readonly falling: boolean
  /** From beyond this event on. */
  readonly after?: number
  readonly limit: number
}

export interface Variable {
  readonly key: string
  /** `null` for a secret that was not to be shown. */
  readonly value: string | null
  readonly is_secret: boolean
  readonly description: string | null
}

export interface VariableInput {
  readonly key: string
  readonly value: string
  readonly isSecret: boolean
  readonly description: string | null
}

export interface Connection {
  readonly id: string
  readonly type: string
  readonly description: string | null
  readonly host: string | null
  readonly port: number | null
  readonly schema: string | null
  readonly login: string | null
  readonly has_password: boolean
  readonly has_extra: boolean
  readonly updated_at: string
}

export interface ConnectionInput extends Omit<Connection, 'has_password' | 'has_extra' | 'updated_at'> {
  /** Left out: as it was. */
  readonly password?: string | null
  /** JSON text. Left out: as it was. */
  readonly extra?: string | null
}

export interface ConnectionSecrets {
  readonly password: string | null
  readonly extra: string | null
}

export interface Pool {
  readonly name: string
  /** -1: unlimited. */
  readonly slots: number
  readonly description: string | null
}

/** Variables and connections. */
export interface NamedValues {
  variables(): Promise<readonly (Variable & { readonly updated_at: string })[]>
  /** `null` without one. With `reveal` also the value of a secret. */
  variable(key: string, reveal: boolean): Promise<Variable | null>
  /** Makes or replaces them. */
  setVariables(inputs: readonly VariableInput[]): Promise<void>
  /** Whether there was one. */
  deleteVariable(key: string): Promise<boolean>

  connections(): Promise<readonly Connection[]>
  connectionSecrets(id: string): Promise<ConnectionSecrets | null>
  setConnections(inputs: readonly ConnectionInput[]): Promise<void>
  deleteConnection(id: string): Promise<boolean>
}

export interface Platform extends NamedValues, Failures {
  /** No new tries anywhere until `resume`. */
  isDraining(): Promise<boolean>
  setDraining(draining: boolean): Promise<{ readonly draining: boolean; readonly running: number }>

  dags(which: { readonly all: boolean }): Promise<readonly Dag[]>
  trigger(dagId: string, trigger: Trigger): Promise<{ readonly dag_run_id: string; readonly is_paused: boolean }>
  setPaused(dagId: string, isPaused: boolean): Promise<unknown>
  /** With its runs. While its file declares it, it comes back as a new Dag. */
  deleteDag(dagId: string): Promise<void>

  runs(filter: RunFilter): Promise<readonly Run[]>
  /** `latest`, or no name, is the newest one. */
  run(dagId: string, runId: string | undefined): Promise<Run>
  taskInstances(run: Run): Promise<readonly TaskInstance[]>
  taskInstance(run: Run, taskId: string, mapIndex: number): Promise<TaskInstance>
  why(run: Run, taskId: string, mapIndex: number): Promise<Why>

  planClear(run: Run, options: ClearOptions): Promise<Plan>
  clear(run: Run, options: ClearOptions): Promise<Change>
  planMark(run: Run, options: MarkOptions): Promise<Plan>
  mark(run: Run, options: MarkOptions): Promise<Change>
  markRun(run: Run, state: 'success' | 'failed'): Promise<Change>
  /** Of the whole run without `taskIds`; what that completed is undone unless it is `withoutCompensation`. */
  cancel(
    run: Run,
    which: { readonly taskIds?: readonly string[]; readonly withoutCompensation?: boolean },
  ): Promise<Change>
  /** `null` takes it away. Of a task instance with `taskId`. */
  note(run: Run, note: string | null, taskId?: string): Promise<unknown>
  deleteRun(run: Run): Promise<unknown>

  /** Lines from a position on; `position` is where to go on. */
  log(
    run: Run,
    ti: TaskInstance,
    tryNumber: number,
    position: number,
  ): Promise<{ readonly lines: readonly LogLine[]; readonly position: number }>

  /** `next`: where to go on, `null` at the end. */
  events(page: EventPage): Promise<{ readonly events: readonly Event[]; readonly next: number | null }>
  /** All of them; with `by` in groups. */
  countEvents(filter: EventFilter, by?: CountedBy): Promise<readonly EventCount[]>
  lastEventId(): Promise<number>
  /** Calls when there may be new events. Hints may be lost, and none come while `isLive` says no. */
  onEvents(look: () => void): Promise<EventHints>

  pools(): Promise<readonly Pool[]>
  setPool(name: string, slots: number, description?: string): Promise<unknown>
  deletePool(name: string): Promise<unknown>
}
