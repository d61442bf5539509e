/**
 * Whether the memory of a leader equals a rebuild from the tables: what the simulation asserts after every commit and a slow
 * audit could. Only what the tables do not hold is left out (files that wait for a pool, the last manual date).
 */
import type { RunMemory } from '../../core/engine/memory.ts'
import { checkWaiting } from './check-waiting.ts'
import type { Comparison } from './comparison.ts'

/** Texts that name what differs; empty when equal. */
export function compareMemory(comparison: Comparison): string[] {
  const differences: string[] = []
  const compare = (what: string, a: unknown, b: unknown) => {
    if (isSame(a, b)) return
    const [left, right] = [stable(a), stable(b)]
    if (left !== right) differences.push(`${what}: ${left} in memory, ${right} in the tables`)
  }
  const { actual, rebuilt } = comparison
  compareRuns(comparison, compare)
  compare('draining', actual.draining, rebuilt.draining)
  compare('executions', [...actual.executions.keys()].sort(), [...rebuilt.executions.keys()].sort())
  for (const [key, { record, tryRecord, index, units }] of actual.executions) {
    const other = rebuilt.executions.get(key)
    if (other === undefined) continue
    compare(`execution ${key}`, [record, tryRecord, units], [other.record, other.tryRecord, other.units])
    // One that outlived its run points nowhere; its result is stale, whatever becomes of the run.
    if (index >= 0 && other.index >= 0) compare(`task of execution ${key}`, index, other.index)
  }
  compare('usage', [...actual.usage].sort(), [...rebuilt.usage].sort())
  compare('pools', byName(actual.pools.values()), byName(rebuilt.pools.values()))
  compare('import errors', [...actual.importErrors].sort(), [...rebuilt.importErrors].sort())
  compare('next ids', actual.nextIds, rebuilt.nextIds)
  compareDags(comparison, compare)
  compare('unsettled runs', [...rebuilt.unsettled], [])
  for (const dag of actual.dags.values()) {
    // Runs that have TIs bring their graph along.
    const bare = dag.queued.filter((run) => !actual.parked.has(run.id)).map((run) => run.versionId)
    for (const versionId of [dag.record.versionId, ...bare]) {
      if (!actual.graphs.has(versionId)) differences.push(`the graph of version ${versionId} is not in memory`)
    }
  }
  differences.push(...checkWaiting(comparison))
  return differences
}

type Compare = (what: string, a: unknown, b: unknown) => void

function compareRuns({ actual, rebuilt }: Comparison, compare: Compare): void {
  compare('runs', [...actual.runs.keys()].sort(), [...rebuilt.runs.keys()].sort())
  for (const [id, run] of actual.runs) {
    const other = rebuilt.runs.get(id)
    if (other === undefined) continue
    compare(`run ${id}`, run.record, other.record)
    compare(`TIs of run ${id}`, run.tis, other.tis)
    compare(`counts of run ${id}`, [...run.counts], [...other.counts])
    compare(`open TIs of run ${id}`, run.open, other.open)
    compare(`overrides of run ${id}`, overridesOf(run), overridesOf(other))
    compare(`vanished TIs of run ${id}`, vanishedOf(run), vanishedOf(other))
    // Those that wait for a retry are ready when their time has come: `checkWaiting`.
    const ready = (one: typeof run) => [...one.ready].map((flag, i) => (one.tis[i]?.state === 'none' ? flag : 0))
    compare(`ready TIs of run ${id}`, ready(run), ready(other))
    if (run.saga !== null || other.saga !== null) compareSagas(run, other, compare)
  }
  compare('parked runs', [...actual.parked.keys()].sort(), [...rebuilt.parked.keys()].sort())
  for (const [id, run] of actual.parked) {
    const other = rebuilt.parked.get(id)
    compare(
      `parked run ${id}`,
      [run.record, run.tis, [...run.counts], run.open, overridesOf(run), vanishedOf(run)],
      [other?.record, other?.tis, [...(other?.counts ?? [])], other?.open, overridesOf(other), vanishedOf(other)],
    )
    if (other !== undefined && (run.saga !== null || other.saga !== null)) compareSagas(run, other, compare)
  }
}

function overridesOf(run: RunMemory | undefined): unknown[] {
  return [...(run?.overrides?.values() ?? [])].sort((a, b) => a.tiId - b.tiId)
}

function vanishedOf(run: RunMemory | undefined): unknown[] {
  return [...(run?.vanished ?? [])].sort((a, b) => a.id - b.id)
}

function compareSagas(run: RunMemory, other: RunMemory, compare: Compare): void {
  const shown = ({ saga, record, tis }: RunMemory) => {
    if (saga === null) return null
    // What a try failed of is told on only while its TI is failed; of one that failed before its run came to a version
    // with compensations memory does not know it.
    const errors = [...saga.errors].filter(
      ([index, { tryNumber }]) =>
        tis[index]?.state === 'failed' && tis[index].tryNumber === tryNumber && run.saga?.errors.has(index) === true,
    )
    return {
      compensations: [...saga.compensations].sort(([a], [b]) => a - b),
      errors: errors.sort(([a], [b]) => a - b),
      undoing: saga.undoing,
      below: [...saga.below],
      held: saga.held,
      open: [...saga.open],
      settled: record.state === 'running' ? [...saga.settled] : null,
    }
  }
  compare(`sagas of run ${run.record.id}`, shown(run), shown(other))
}

function compareDags({ actual, rebuilt, now, wentBack }: Comparison, compare: Compare): void {
  compare('Dags', [...actual.dags.keys()].sort(), [...rebuilt.dags.keys()].sort())
  for (const [dagId, dag] of actual.dags) {
    const other = rebuilt.dags.get(dagId)
    if (other === undefined) continue
    compare(`running runs of ${dagId}`, dag.running, other.running)
    compare(`queued runs of ${dagId}`, dag.queued, other.queued)
    compare(`params of ${dagId}`, dag.defaultConf, other.defaultConf)
    compare(
      `version of ${dagId}`,
      [dag.contentHash, dag.versionNumber, dag.graph.versionId],
      [other.contentHash, other.versionNumber, other.graph.versionId],
    )
    // Memory may take a version for used whose runs were deleted since; it is then kept for nothing. Never the reverse.
    if (!dag.versionUsed) compare(`use of the version of ${dagId}`, dag.versionUsed, other.versionUsed)
    compare(`Dag ${dagId}`, dag.record, other.record)
    if (wentBack) continue
    // Held back by its cap a Dag without catchup may have missed further ticks: any that is due stands for the newest.
    const due = (next: typeof dag.next) => (next !== null && next.runAfter <= now ? 'due' : next)
    compare(`next run of ${dagId}`, due(dag.next), due(other.next))
  }
}

function byName<T extends { readonly name: string }>(rows: Iterable<T>): T[] {
  return [...rows].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Rows go from memory to the tables as they are, so that most comparisons end here. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((one, i) => isSame(one, b[i]))
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
