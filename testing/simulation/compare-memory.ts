/** Whether the memory of a leader equals a rebuild from the tables: what the simulation asserts and a slow audit could. */
import type { SchedulerMemory } from '../../core/engine/memory.ts'

/** Texts that name what differs; empty when equal. */
export function compareMemory(actual: SchedulerMemory, rebuilt: SchedulerMemory): string[] {
  const differences: string[] = []
  const compare = (what: string, a: unknown, b: unknown) => {
    const [left, right] = [stable(a), stable(b)]
    if (left !== right) differences.push(`${what}: ${left} in memory, ${right} in the tables`)
  }
  compare('runs', [...actual.runs.keys()].sort(), [...rebuilt.runs.keys()].sort())
  for (const [id, run] of actual.runs) {
    const other = rebuilt.runs.get(id)
    if (other === undefined) continue
    compare(`run ${id}`, run.record, other.record)
    compare(`TIs of run ${id}`, run.tis, other.tis)
    compare(`counts of run ${id}`, [...run.counts], [...other.counts])
    compare(`open TIs of run ${id}`, run.open, other.open)
    compare(`ready TIs of run ${id}`, [...run.ready], [...other.ready])
  }
  compare('parked runs', [...actual.parked.keys()].sort(), [...rebuilt.parked.keys()].sort())
  for (const [id, run] of actual.parked) {
    compare(`parked run ${id}`, [run.record, run.tis], [rebuilt.parked.get(id)?.record, rebuilt.parked.get(id)?.tis])
  }
  compare('draining', actual.draining, rebuilt.draining)
  compare('executions', [...actual.executions.keys()].sort(), [...rebuilt.executions.keys()].sort())
  compare('usage', [...actual.usage].sort(), [...rebuilt.usage].sort())
  compare('pools', [...actual.pools.values()], [...rebuilt.pools.values()])
  compare('next ids', actual.nextIds, rebuilt.nextIds)
  compare('Dags', [...actual.dags.keys()].sort(), [...rebuilt.dags.keys()].sort())
  for (const [dagId, dag] of actual.dags) {
    const other = rebuilt.dags.get(dagId)
    if (other === undefined) continue
    compare(`Dag ${dagId}`, dag.record, other.record)
    compare(`running runs of ${dagId}`, dag.running, other.running)
    compare(`queued runs of ${dagId}`, dag.queued, other.queued)
    compare(`next run of ${dagId}`, dag.next, other.next)
    compare(
      `version of ${dagId}`,
      [dag.contentHash, dag.versionNumber, dag.versionUsed],
      [other.contentHash, other.versionNumber, other.versionUsed],
    )
  }
  return differences
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
