/**
 * The health report, in Airflow's shape, so that probes written for Airflow work. It names nobody and needs no sign-in:
 * it says only which part answers and when it last did.
 */

export interface HealthReading {
  readonly databaseAnswers: boolean
  /** Epoch milliseconds of the last sign of life, or `null` when there never was one. */
  readonly schedulerHeartbeat: number | null
  readonly dagProcessorHeartbeat: number | null
}

export interface HealthReport {
  readonly metadatabase: { readonly status: Health }
  readonly scheduler: {
    readonly status: Health
    readonly latest_scheduler_heartbeat: string | null
    /** No new tries until `resume`; `null` where the database did not tell. Ours: Airflow has no such field. */
    readonly draining: boolean | null
  }
  readonly dag_processor: { readonly status: Health; readonly latest_dag_processor_heartbeat: string | null }
}

type Health = 'healthy' | 'unhealthy'

/** A part that has been silent for longer is unhealthy (Airflow's figure). */
export const SILENCE_LIMIT_MS = 30_000

export function healthReport(reading: HealthReading, draining: boolean | null, now: number): HealthReport {
  const heard = (at: number | null): Health => (at !== null && now - at <= SILENCE_LIMIT_MS ? 'healthy' : 'unhealthy')
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return {
    metadatabase: { status: reading.databaseAnswers ? 'healthy' : 'unhealthy' },
    scheduler: {
      status: heard(reading.schedulerHeartbeat),
      latest_scheduler_heartbeat: iso(reading.schedulerHeartbeat),
      draining,
    },
    dag_processor: {
      status: heard(reading.dagProcessorHeartbeat),
      latest_dag_processor_heartbeat: iso(reading.dagProcessorHeartbeat),
    },
  }
}
