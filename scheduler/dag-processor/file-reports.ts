/**
 * What the scheduler has been told about each file, and when it has to be told again. Invariants: nothing is said twice
 * in a row; at any time at most one file offers a Dag id.
 */
import type { DagFileReport } from '../../core/ports/dag-source.ts'
import type { ImportProblem } from '../../core/serialized-dag.ts'
import { createDagClaims } from './dag-claims.ts'
import type { FileOutcome } from './evaluate-file.ts'

export interface FileReports {
  /** `rank`: see `DagClaims`. */
  set(file: string, outcome: FileOutcome, rank: number): void
  remove(file: string): void
  /** Adds a warning to all that comes from the file with this bundle. */
  warn(file: string, bundleHash: string, warning: ImportProblem): void
  outcome(file: string): FileOutcome | undefined
  /** Files that hold Dags or are broken, sorted. */
  readonly files: readonly string[]
}

export function createFileReports(report: (report: DagFileReport) => void, now: () => number): FileReports {
  const outcomes = new Map<string, FileOutcome>()
  const warnings = new Map<string, { readonly bundleHash: string; readonly warning: ImportProblem }>()
  const told = new Map<string, string>()
  const claims = createDagClaims()

  function tell(file: string): void {
    const current = describe(file)
    if (current === null) {
      if (told.delete(file)) report({ type: 'gone', file, at: now() })
      return
    }
    const text = JSON.stringify({ ...current, at: 0, dags: current.type === 'parsed' ? hashesOf(current) : [] })
    if (told.get(file) === text) return
    told.set(file, text)
    report(current)
  }

  function describe(file: string): Extract<DagFileReport, { type: 'parsed' | 'broken' }> | null {
    const outcome = outcomes.get(file)
    if (outcome === undefined || outcome.type === 'plain') return null
    const at = now()
    if (outcome.type === 'broken') return { type: 'broken', file, problems: outcome.problems, at }
    const taken = claims.conflicts(file)
    if (taken.length > 0) {
      const lineOf = (id: string) => outcome.dags.find(({ serialized }) => serialized.dagId === id)?.serialized.line
      return { type: 'broken', file, problems: taken.map((one) => duplicate(file, one, lineOf(one.dagId))), at }
    }
    const { bundleHash, dags } = outcome
    const warned = warnings.get(file)
    const later = warned?.bundleHash === bundleHash ? [warned.warning] : []
    return { type: 'parsed', file, bundleHash, dags, warnings: [...(outcome.warnings ?? []), ...later], at }
  }

  function claim(file: string, dagIds: readonly string[], rank: number): void {
    const others = claims.declare(file, dagIds, rank)
    // Whoever loses an id says so before the new owner offers it.
    const losers = [...others].filter((other) => claims.conflicts(other).length > 0)
    for (const other of losers) tell(other)
    tell(file)
    for (const other of others) if (!losers.includes(other)) tell(other)
  }

  return {
    set(file, outcome, rank) {
      outcomes.set(file, outcome)
      // A broken file keeps its ids: its last good version runs on.
      if (outcome.type === 'broken') return tell(file)
      const dagIds = outcome.type === 'parsed' ? outcome.dags.map(({ serialized }) => serialized.dagId) : []
      claim(file, dagIds, rank)
    },
    remove(file) {
      outcomes.delete(file)
      warnings.delete(file)
      claim(file, [], 0)
    },
    warn(file, bundleHash, warning) {
      warnings.set(file, { bundleHash, warning })
      tell(file)
    },
    outcome: (file) => outcomes.get(file),
    get files() {
      return [...told.keys()].sort()
    },
  }
}

function hashesOf({ dags }: Extract<DagFileReport, { type: 'parsed' }>): string[] {
  return dags.map(({ contentHash }) => contentHash)
}

function duplicate(
  file: string,
  { dagId, owner }: { readonly dagId: string; readonly owner: string },
  line: number | undefined,
): ImportProblem {
  return {
    code: 'duplicate-dag-id',
    message: `The Dag id "${dagId}" in ${file} is taken: ${owner} declares it, too.`,
    remedy: `Give one of the two another id, or remove it. Until then ${owner} keeps it.`,
    file,
    dagId,
    ...(line !== undefined && { line }),
  }
}
