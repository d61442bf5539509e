/** What a benchmark is: a name, what it measures, and a function that measures it and gives lines of the table. */

export interface BenchmarkOptions {
  /** `tiny` only shows that it works: its figures mean nothing. `large` is for `history` alone. */
  readonly size: 'tiny' | 'standard' | 'large'
  /** Runs a median is taken of. */
  readonly runs: number
  /** Folder for a V8 CPU profile of the program; `null` for none. */
  readonly profileTo: string | null
  /** A line for the person who waits, while it measures. */
  readonly note: (line: string) => void
}

/** A line of the table, and an object of `--json`. */
export interface Result {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** `value` by what it is measured against; `null` when there is nothing to hold it against. */
  readonly ratio: number | null
  readonly against: string | null
  readonly bar: string | null
  /** `null`: no bar, or void because the machine is below what the bar presumes. */
  readonly holds: boolean | null
}

export interface Benchmark {
  readonly name: string
  readonly what: string
  /** Not in the standard set: it takes long, or installs what nothing else needs. Run by name and with `--write`. */
  readonly isExtra?: true
  readonly run: (options: BenchmarkOptions) => Promise<readonly Result[]>
}
