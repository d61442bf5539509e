/** Finds the known name closest to a mistyped one, for «did you mean». Pure; never guesses further than a third of the word. */

/** Edit distance in which swapping two neighbours counts as one edit. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min(last[column - 1]! + (same ? 0 : 1), last[column]! + 1, current[column - 1]! + 1)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforeLast[column - 2]! + 1)
      }
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}

/** `retries` is what `retry` means, however many letters are between them. */
function singular(word: string): string {
  return word.replace(/ies$/, 'y').replace(/s$/, '')
}

/** The nearest of `known`, or `null` when none is near enough to be meant. Case does not matter. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = name.toLowerCase()
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    // As many edits at least as the lengths differ; of many names most are left out by this.
    if (Math.abs(candidate.length - name.length) > Math.max(bestDistance, 2)) continue
    const other = candidate.toLowerCase()
    const distance = singular(other) === singular(wanted) ? 0 : editDistance(wanted, other)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : ` Did you mean "${nearest}"?`
}
