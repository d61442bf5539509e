/** A set of instants that can be walked from anywhere, the same whichever way: a restart loses nothing. */
export interface Ticks {
  /** Least tick `>= at`. */
  next(at: number): number | null
  /** Greatest tick `<= at`. */
  previous(at: number): number | null
}
