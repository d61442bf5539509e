/** The newest report of every Dag file, so that each term of leadership can start from what the files say now. */
import type { DagFileReport } from '../core/ports/dag-source.ts'

export class DagFileMemory {
  readonly #latest = new Map<string, DagFileReport>()
  #complete: Extract<DagFileReport, { type: 'complete' }> | null = null
  #fresh: DagFileReport[] = []

  add(report: DagFileReport): void {
    this.#fresh.push(report)
    if (report.type === 'complete') this.#complete = report
    else if (report.type === 'gone') this.#latest.delete(report.file)
    else this.#latest.set(report.file, report)
  }

  /** Reports that no tick has taken yet. */
  take(): DagFileReport[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** A new term has seen none of them. Files that went meanwhile are covered by a fresh `complete`. */
  startOver(): void {
    this.#fresh = [...this.#latest.values()]
    if (this.#complete !== null) {
      this.#fresh.push({ type: 'complete', files: [...this.#latest.keys()], at: this.#complete.at })
    }
  }
}
