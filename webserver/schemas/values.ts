/** Values that many answers hold: states, instants, durations. */
import { Type } from 'typebox'
import { RUN_STATES, type RunState as RunStateName, TI_STATES, type TiState as TiStateName } from '../../core/states.ts'

export const RunState = Type.Enum([...RUN_STATES])
export const TiState = Type.Enum([...TI_STATES])
/** States a TI is shown in; one without a state yet (`none`) is shown as `null`, as in Airflow. */
export const ShownTiState = Type.Union([
  Type.Enum(TI_STATES.filter((state): state is Exclude<TiStateName, 'none'> => state !== 'none')),
  Type.Null(),
])
export function shownTiState(state: TiStateName): Exclude<TiStateName, 'none'> | null {
  return state === 'none' ? null : state
}

type Saga = 'compensating' | 'compensated' | 'compensation_failed'
type AirflowTiState = Exclude<TiStateName, Saga | 'none'>
type AirflowRunState = Exclude<RunStateName, Saga>

/** What a client made for Airflow is told in place of the states of sagas; all other states are the same. */
const AIRFLOW_WORD = {
  compensating: 'running',
  compensated: 'failed',
  compensation_failed: 'failed',
} as const satisfies Readonly<Record<Saga, AirflowTiState>>

const isOfSaga = (state: TiStateName | RunStateName): state is Saga => Object.hasOwn(AIRFLOW_WORD, state)

export const AirflowRunState = Type.Enum(
  RUN_STATES.filter((state): state is AirflowRunState => !isOfSaga(state)),
  { description: "In Airflow's words: `running` while it is compensated; see exact_state." },
)
export const AirflowTiState = Type.Union([
  Type.Enum(TI_STATES.filter((state): state is AirflowTiState => state !== 'none' && !isOfSaga(state))),
  Type.Null(),
])

export function airflowRunState(state: RunStateName): AirflowRunState {
  return state === 'compensating' ? AIRFLOW_WORD[state] : state
}

export function airflowTiState(state: TiStateName): AirflowTiState | null {
  if (state === 'none') return null
  return isOfSaga(state) ? AIRFLOW_WORD[state] : state
}

/** `state` filters by Airflow's words, so that `running` has those in it that are shown so; `exact_state` by ours. */
export function statesOf<State extends TiStateName | RunStateName>(
  query: { readonly state?: readonly unknown[]; readonly exact_state?: readonly unknown[] },
  all: readonly State[],
): { readonly states?: readonly State[] } {
  if (query.state === undefined && query.exact_state === undefined) return {}
  const word = (state: State) => (state === 'none' ? 'no_status' : isOfSaga(state) ? AIRFLOW_WORD[state] : state)
  return {
    states: all.filter(
      (state) =>
        (query.state === undefined || query.state.includes(word(state)) || query.state.includes(state)) &&
        (query.exact_state === undefined || query.exact_state.includes(state)),
    ),
  }
}

export const RunType = Type.Enum(['scheduled', 'manual', 'backfill'])

export function iso(at: number): string
export function iso(at: number | null): string | null
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** Between two instants, in seconds; `null` when one is missing. */
export function seconds(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1_000
}
