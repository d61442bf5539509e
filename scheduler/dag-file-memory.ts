/** The newest report of every Dag file, so that each term of leadership can start from what the files say now. */
import type { DagFileReport } from '../core/ports/dag-source.ts'

type Complete = Extract<DagFileReport, { type: 'complete' }>

/** Key of `complete` among the files; no file has an empty name. */
const COMPLETE = ''

export class DagFileMemory {
  readonly #latest = new Map<string, DagFileReport>()
  #complete: Complete | null = null
  /** By file, in order of arrival: of several reports of one file only the newest counts, so this stays small. */
  readonly #fresh = new Map<string, DagFileReport>()

  add(report: DagFileReport): void {
    const key = report.type === 'complete' ? COMPLETE : report.file
    this.#fresh.delete(key)
    this.#fresh.set(key, report)
    if (report.type === 'complete') this.#complete = report
    else if (report.type === 'gone') this.#latest.delete(report.file)
    else this.#latest.set(report.file, report)
  }

  /** Reports that no tick has taken yet, in order, at most `limit`. */
  take(limit: number): DagFileReport[] {
    const taken: DagFileReport[] = []
    for (const [key, report] of this.#fresh) {
      if (taken.length === limit) break
      taken.push(report)
      this.#fresh.delete(key)
    }
    return taken
  }

  /** Some are left to take. */
  get isWaiting(): boolean {
    return this.#fresh.size > 0
  }

  /** A new term has seen none of them. Files that went meanwhile are covered by a fresh `complete`. */
  startOver(): void {
    this.#fresh.clear()
    for (const [file, report] of this.#latest) this.#fresh.set(file, report)
    if (this.#complete === null) return
    this.#fresh.set(COMPLETE, { type: 'complete', files: [...this.#latest.keys()], at: this.#complete.at })
  }
}
