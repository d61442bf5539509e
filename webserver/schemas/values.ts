/** Values that many answers hold: states, instants, durations. */
import { Type } from 'typebox'
import { RUN_STATES, TI_STATES, type TiState as TiStateName } from '../../core/states.ts'

export const RunState = Type.Enum([...RUN_STATES])
export const TiState = Type.Enum([...TI_STATES])
/** States a TI is shown in; one without a state yet (`none`) is shown as `null`, as in Airflow. */
export const ShownTiState = Type.Union([
  Type.Enum(TI_STATES.filter((state): state is Exclude<TiStateName, 'none'> => state !== 'none')),
  Type.Null(),
])
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
