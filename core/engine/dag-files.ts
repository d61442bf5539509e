/**
 * What the Dag processor found: new Dags go live, changed ones get a version, broken files keep their last good one, Dags
 * of deleted files become inactive and keep their history.
 */
import { buildGraph } from '../graph.ts'
import { checkParamsSchema, resolveParams } from '../params.ts'
import type { DagFileReport, ParsedDag } from '../ports/dag-source.ts'
import type { DagRecord } from '../records.ts'
import type { ImportProblem, SerializedDag } from '../serialized-dag.ts'
import type { Draft } from './draft.ts'
import { runKey } from './limits.ts'
import type { DagMemory } from './memory.ts'
import { plan } from './runs.ts'

export function takeDagFile(draft: Draft, report: DagFileReport): void {
  switch (report.type) {
    case 'parsed':
      takeParsed(draft, report)
      return
    case 'broken':
      draft.lackingPool.set(report.file, null)
      setProblems(draft, report.file, report.problems, report.at)
      return
    case 'gone':
      setProblems(draft, report.file, [], report.at)
      draft.lackingPool.set(report.file, null)
      deactivate(draft, (dag) => dag.record.file === report.file, `${report.file} was deleted`)
      return
    case 'complete': {
      const present = new Set(report.files)
      deactivate(draft, (dag) => !present.has(dag.record.file), 'its file is gone')
      for (const file of draft.memory.importErrors.keys())
        if (!present.has(file)) setProblems(draft, file, [], report.at)
      for (const file of draft.memory.lackingPool.keys()) if (!present.has(file)) draft.lackingPool.set(file, null)
      return
    }
  }
}

function takeParsed(draft: Draft, report: Extract<DagFileReport, { type: 'parsed' }>): void {
  const unrunnable = report.dags.flatMap((dag) => paramsProblems(dag.serialized))
  if (unrunnable.length > 0) {
    draft.lackingPool.set(report.file, null)
    setProblems(draft, report.file, unrunnable, report.at)
    return
  }
  const problems = report.dags.flatMap((dag) => unknownPools(draft, dag.serialized))
  if (problems.length > 0) {
    draft.lackingPool.set(report.file, { bundleHash: report.bundleHash, dags: report.dags })
    setProblems(draft, report.file, problems, report.at)
    return
  }
  draft.lackingPool.set(report.file, null)
  setProblems(draft, report.file, report.warnings, report.at)
  const declared = new Set(report.dags.map((dag) => dag.serialized.dagId))
  for (const dag of report.dags) takeDag(draft, report.file, report.bundleHash, dag)
  deactivate(
    draft,
    (dag) => dag.record.file === report.file && !declared.has(dag.record.dagId),
    `${report.file} no longer declares it`,
  )
}

function takeDag(draft: Draft, file: string, bundleHash: string, parsed: ParsedDag): void {
  const { serialized, contentHash } = parsed
  const before = draft.dag(serialized.dagId)
  if (before !== undefined && before.contentHash === contentHash) {
    if (before.record.isActive && before.record.file === file) return
    reactivate(draft, before, file)
    return
  }
  const version = {
    versionId: draft.takeId('version'),
    dagId: serialized.dagId,
    versionNumber: before === undefined ? 1 : before.versionNumber + (before.versionUsed ? 1 : 0),
    contentHash,
    bundleHash,
    serialized,
    createdAt: draft.now,
  }
  const graph = buildGraph(version, draft.memory.defaults)
  draft.insertVersion(version, graph)
  // A version no run has used is of no interest to anybody: edits while writing a Dag do not pile up.
  if (before !== undefined && !before.versionUsed) draft.deleteVersion(before.record.versionId)
  const record: DagRecord = {
    ...(before?.record ?? newDagRecord(draft, serialized)),
    file,
    isActive: true,
    versionId: version.versionId,
  }
  const changed = before === undefined || !before.record.isActive || !sameSchedule(before.graph.serialized, serialized)
  plan(draft, {
    record:
      changed && before !== undefined && !graph.schedule.catchup ? { ...record, scheduleSince: draft.now } : record,
    contentHash,
    versionNumber: version.versionNumber,
    graph,
    defaultConf: defaultConf(serialized),
    versionUsed: false,
    next: null,
    lastManualDate: before?.lastManualDate ?? 0,
    running: before?.running ?? 0,
    queued: before?.queued ?? [],
  })
  draft.dagsToAdvance.add(record.dagId)
  if (before !== undefined && graph.maxActiveTasks > before.graph.maxActiveTasks) {
    // Whoever waits for the old cap is looked at again.
    for (const run of draft.memory.runs.values()) {
      if (run.record.dagId === record.dagId) draft.freed.add(runKey(run.record.id))
    }
  }
  draft.event({
    kind: before === undefined ? 'dag.added' : 'dag.changed',
    actor: 'dag-processor',
    dagId: record.dagId,
    cause: `version ${version.versionNumber} from ${file}`,
  })
}

function reactivate(draft: Draft, dag: DagMemory, file: string): void {
  const wasActive = dag.record.isActive
  const since = wasActive || dag.graph.schedule.catchup ? dag.record.scheduleSince : draft.now
  plan(draft, { ...dag, record: { ...dag.record, isActive: true, file, scheduleSince: since } })
  draft.dagsToAdvance.add(dag.record.dagId)
  draft.event({
    kind: wasActive ? 'dag.moved' : 'dag.activated',
    actor: 'dag-processor',
    dagId: dag.record.dagId,
    cause: file,
  })
}

function deactivate(draft: Draft, which: (dag: DagMemory) => boolean, cause: string): void {
  for (const dag of [...draft.allDags()]) {
    if (!dag.record.isActive || !which(dag)) continue
    plan(draft, { ...dag, record: { ...dag.record, isActive: false } })
    draft.event({ kind: 'dag.deactivated', actor: 'dag-processor', dagId: dag.record.dagId, cause })
  }
}

function setProblems(draft: Draft, file: string, problems: readonly ImportProblem[], at: number): void {
  const before = draft.importError(file)
  if (problems.length === 0) {
    if (before === undefined) return
    draft.setImportError(file, null)
    draft.event({ kind: 'import_error.cleared', actor: 'dag-processor', cause: file })
    return
  }
  if (before !== undefined && JSON.stringify(before.problems) === JSON.stringify(problems)) return
  draft.setImportError(file, { file, problems, at })
  draft.event({ kind: 'import_error', actor: 'dag-processor', cause: `${file}: ${problems[0]!.message}` })
}

function unknownPools(draft: Draft, dag: SerializedDag): ImportProblem[] {
  return dag.tasks.flatMap((task) => {
    const { pool } = task
    if (pool === undefined || draft.pool(pool) !== undefined) return []
    const problem: ImportProblem = {
      code: 'unknown-pool',
      message: `task "${task.taskId}" of Dag "${dag.dagId}" names the pool "${pool}", which does not exist`,
      remedy: `create it: tradewind pools set ${pool} 8`,
      file: dag.file,
      dagId: dag.dagId,
      taskId: task.taskId,
      ...(task.line === undefined ? {} : { line: task.line }),
    }
    return [problem]
  })
}

/** A schema that is none, or a Dag that runs by itself and has nobody to ask for params. */
function paramsProblems(dag: SerializedDag): ImportProblem[] {
  const invalid = checkParamsSchema(dag.params)
  if (invalid !== null) {
    const problem: ImportProblem = {
      code: 'bad-params-schema',
      message: `the params of Dag "${dag.dagId}" are no valid JSON Schema: ${invalid}`,
      remedy: 'mend the schema, or give plain default values instead of schemas',
      file: dag.file,
      dagId: dag.dagId,
      ...(dag.line === undefined ? {} : { line: dag.line }),
    }
    return [problem]
  }
  if (dag.schedule.kind === 'none') return []
  const resolved = resolveParams(dag.params, {})
  if (resolved.ok) return []
  const problem: ImportProblem = {
    code: 'params-need-defaults',
    message: `Dag "${dag.dagId}" has a schedule, but its params are not valid without a conf: ${resolved.message}`,
    remedy: 'give every required param a default, or remove the schedule',
    file: dag.file,
    dagId: dag.dagId,
    ...(dag.line === undefined ? {} : { line: dag.line }),
  }
  return [problem]
}

function newDagRecord(draft: Draft, dag: SerializedDag): DagRecord {
  return {
    dagId: dag.dagId,
    file: dag.file,
    isPaused: dag.isPausedUponCreation ?? draft.memory.defaults.pausedUponCreation,
    isActive: true,
    versionId: 0,
    lastLogicalDate: null,
    lastIntervalEnd: null,
    scheduleSince: draft.now,
    nextRunAfter: null,
    nextLogicalDate: null,
  }
}

function sameSchedule(a: SerializedDag, b: SerializedDag): boolean {
  return (
    JSON.stringify(a.schedule) === JSON.stringify(b.schedule) &&
    a.timezone === b.timezone &&
    a.startDate === b.startDate &&
    a.endDate === b.endDate
  )
}

/** conf of a run nobody gave any: the defaults of the params. Required params without default were refused at parse. */
export function defaultConf(dag: SerializedDag): string {
  const resolved = resolveParams(dag.params, {})
  return resolved.ok ? JSON.stringify(resolved.params) : '{}'
}
