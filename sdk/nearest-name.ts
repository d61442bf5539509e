/** The known name an author most likely meant: for "did you mean" in problems. Never guesses further than a third of the word. */

/** The nearest of `known` by edits (case does not count), or `undefined` when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let fewest = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const other = candidate.toLowerCase()
    const edits = singular(other) === singular(wanted) ? 0 : editsBetween(wanted, other)
    if (edits < fewest) {
      best = candidate
      fewest = edits
    }
  }
  return best
}

/** `retries` is what `retry` means, however many letters are between them. */
function singular(word: string): string {
  return word.replace(/ies$/, 'y').replace(/s$/, '')
}

function editsBetween(from: string, to: string): number {
  const row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    let diagonal = row[0]!
    row[0] = i
    for (let j = 1; j <= to.length; j++) {
      const replaced = diagonal + (from[i - 1] === to[j - 1] ? 0 : 1)
      diagonal = row[j]!
      row[j] = Math.min(replaced, diagonal + 1, row[j - 1]! + 1)
    }
  }
  return row[to.length]!
}
