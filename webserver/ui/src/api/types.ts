/** Shapes of the API by the names the page uses; all of them come from the OpenAPI document, by `types.gen.ts`. */
import type { paths } from './types.gen.ts'

/** Body of a good answer to a GET. */
type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } }
}
  ? Body
  : never

/** `state` as `request.ts` gives it: not in the words that clients made for Airflow are told. */
type Exact<Body extends { readonly exact_state: unknown }> = Omit<Body, 'state'> & {
  readonly state: Body['exact_state']
}

/** Body of a good answer to a POST. */
type Posted<Path extends keyof paths> = paths[Path] extends {
  post: { responses: { 200: { content: { 'application/json': infer Body } } } }
}
  ? Body
  : never

type DagPath = '/api/v2/dags/{dag_id}'
type RunPath = `${DagPath}/dagRuns/{dag_run_id}`
type TiPath = `${RunPath}/taskInstances/{task_id}`

export type Identity = Answer<'/auth/me'>
export type Role = Identity['role']

export type DagList = Answer<'/api/v2/dags'>
export type Dag = DagList['dags'][number]
export type RecentRun = Dag['recent_runs'][number]
export type DagDetails = Answer<`${DagPath}/details`>
export type Source = Answer<'/api/v2/dagSources/{dag_id}'>
/** JSON Schema of conf. */
export type JsonSchema = Readonly<Record<string, unknown>>

export type PackedGrid = Answer<`${DagPath}/grid`>
export type Structure = PackedGrid['structure']

export type Run = Exact<Answer<RunPath>>
export type RunList = Omit<Answer<`${DagPath}/dagRuns`>, 'dag_runs'> & { readonly dag_runs: readonly Run[] }
export type RunState = Run['state']

export type TaskInstance = Exact<Answer<TiPath>>
export type TiList = Omit<Answer<`${RunPath}/taskInstances`>, 'task_instances'> & {
  readonly task_instances: readonly TaskInstance[]
}
export type CompensationList = Answer<`${RunPath}/compensations`>
export type Compensation = CompensationList['compensations'][number]
/** As the page keeps it: one without a state yet is `none`. */
export type TiState = NonNullable<TaskInstance['state']> | 'none'
export type Reason = Answer<`${TiPath}/dependencies`>['dependencies'][number]
export type TaskInput = Answer<`${TiPath}/inputs`>['inputs'][number]
export type LogPage = Answer<`${TiPath}/logs/{try_number}`>
export type XComEntry = Answer<`${TiPath}/xcomEntries/{xcom_key}`>
export type XComList = Answer<`${TiPath}/xcomEntries`>

export type ImportError = Answer<'/api/v2/importErrors'>['import_errors'][number]
export type Pool = Answer<'/api/v2/pools'>['pools'][number]
export type Variable = Answer<'/api/v2/variables'>['variables'][number]
export type Connection = Answer<'/api/v2/connections'>['connections'][number]
export type EventPage = Answer<'/api/v2/eventLogs'>
export type EventCountPage = Answer<'/api/v2/eventLogs/count'>
export type Platform = Answer<'/api/v2/platform'>

export type LetterPage = Answer<'/api/v2/deadLetters'>
export type Letter = LetterPage['dead_letters'][number]
export type LetterGroupPage = Answer<'/api/v2/deadLetters/groups'>
export type LetterGroup = LetterGroupPage['groups'][number]
export type LetterDetails = Answer<'/api/v2/deadLetters/{letter_id}'>
export type LettersChanged = Posted<'/api/v2/deadLetters/redrive'>

export type SearchAnswer = Answer<'/api/v2/search'>
export type FoundRun = SearchAnswer['runs'][number]
