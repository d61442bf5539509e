/** One committed change. Ids rise in the order of the commits. */
export interface LiveEvent {
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly kind: string
  readonly dag_id: string | null
  /** Number of the run. */
  readonly dag_run_id: number | null
  readonly ti_id: number | null
  readonly try_number: number | null
  readonly actor: string
  readonly cause: string | null
}
