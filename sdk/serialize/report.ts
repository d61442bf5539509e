/** Collects what is wrong, so that all of it is told at once, each with the place in the author's file. */
import type { ImportProblem } from '../../core/serialized-dag.ts'
import type { RawPosition } from '../call-site.ts'

export interface Finding {
  readonly code: string
  /** Names the value and the cause. */
  readonly message: string
  readonly remedy: string
  readonly site: RawPosition | undefined
  readonly taskId?: string | undefined
  /** The file is taken all the same. */
  readonly warning?: boolean
}

export type Report = (finding: Finding) => void

/** Maps a raw position to the author's file (relative to the Dags folder); `null` when it lies outside. */
export type PositionOf = (raw: RawPosition) => { readonly file: string; readonly line: number } | null

export interface Sources {
  /** The file the Dags were read from. */
  readonly file: string
  readonly positionOf: PositionOf
}

export interface Findings {
  readonly problems: ImportProblem[]
  readonly warnings: ImportProblem[]
}

/** A report for one Dag that appends to `findings`. The same finding at the same place is told once. */
export function reportInto(findings: Findings, sources: Sources, dagId: unknown): Report {
  return ({ code, message, remedy, site, taskId, warning }) => {
    const list = warning === true ? findings.warnings : findings.problems
    const position = site === undefined ? null : sources.positionOf(site)
    const problem: ImportProblem = {
      code,
      message,
      remedy,
      file: position?.file ?? sources.file,
      ...(position === null ? {} : { line: position.line }),
      ...(typeof dagId === 'string' ? { dagId } : {}),
      ...(taskId === undefined ? {} : { taskId }),
    }
    const same = (other: ImportProblem) =>
      other.code === code && other.message === message && other.file === problem.file && other.line === problem.line
    if (!list.some(same)) list.push(problem)
  }
}

/** The line in the Dag's own file, or `undefined` when it was declared in another one. */
export function ownLine(sources: Sources, site: RawPosition | undefined): number | undefined {
  const position = site === undefined ? null : sources.positionOf(site)
  return position !== null && position.file === sources.file ? position.line : undefined
}
