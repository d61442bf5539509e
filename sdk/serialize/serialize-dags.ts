/**
 * The Dags of a file as data, and everything that is wrong with them at once. A Dag with a problem is not among the result.
 * The result is deterministic: tasks in order of placement, sets sorted, nothing that is not set.
 */
import type { ImportProblem, SerializedDag } from '../../core/serialized-dag.ts'
import { declarationsOf } from '../declarations.ts'
import { type Findings, reportInto, type Sources } from './report.ts'
import { serializeDag } from './serialize-dag.ts'

export interface SerializedDags {
  readonly dags: SerializedDag[]
  readonly problems: ImportProblem[]
  /** What does not keep its Dag from running. */
  readonly warnings: ImportProblem[]
}

export function serializeDags(dags: readonly object[], sources: Sources): SerializedDags {
  const result: SerializedDags = { dags: [], problems: [], warnings: [] }
  const declaredAt = new Map<unknown, string>()
  for (const dag of dags) {
    const declarations = declarationsOf(dag)
    const { dagId, site } = declarations
    const findings: Findings = { problems: [], warnings: [] }
    const report = reportInto(findings, sources, dagId)
    const position = site === undefined ? null : sources.positionOf(site)
    const first = declaredAt.get(dagId)
    if (first !== undefined) {
      report({
        code: 'duplicate-dag-id',
        message: `There are two Dags with the id "${dagId}" here; the first is in ${first}.`,
        remedy: 'Give one of them another id.',
        site,
      })
    } else {
      declaredAt.set(dagId, position === null ? sources.file : `${position.file} line ${position.line}`)
    }
    const serialized = serializeDag(declarations, sources, report)
    if (findings.problems.length === 0) result.dags.push(serialized)
    result.problems.push(...findings.problems)
    result.warnings.push(...findings.warnings)
  }
  return result
}
