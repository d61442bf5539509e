/** Which hosts of executions are gone with everything they ran, so that nobody has to wait for their lease. */
import type { ExecutionRecord } from '../core/records.ts'

export interface HostQuestions {
  /** This host: its own executor knows better. */
  readonly here: string
  readonly isSurelyDead: ((host: string) => boolean | Promise<boolean>) | undefined
  readonly log: (line: string) => void
}

export async function deadHosts(
  executions: readonly ExecutionRecord[],
  { here, isSurelyDead, log }: HostQuestions,
): Promise<ReadonlySet<string>> {
  const dead = new Set<string>()
  for (const host of new Set(executions.map((record) => record.host))) {
    if (host === here || isSurelyDead === undefined) continue
    try {
      if (await isSurelyDead(host)) dead.add(host)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      log(`scheduler: whether ${host} is gone could not be told, so it is waited for: ${why}`)
    }
  }
  return dead
}
