/**
 * What one search box may mean: «why did order 12345 get stuck?» is looked for as a whole, by its words, and by neighbours
 * joined as ids are (`order-12345`). Pure and bounded: however long the question, so many terms and no more.
 */
export interface SearchTerms {
  /** Ids that may be meant exactly, the likeliest first. */
  readonly exact: readonly string[]
  /** Words that say something, for names that hold or begin with them. */
  readonly words: readonly string[]
}

const LONGEST = 300
const MOST_WORDS = 12
const MOST_TERMS = 60
const JOINTS = ['-', '_', ':', '/', '', ' ', '.', '#']

/** What questions are made of. They count only as a part of an id. */
const FILLING = new Set(
  (
    'a about all an and any are at by can did do does doing done failed fail find for from get gets getting go goes got ' +
    'had happened has have hang hangs how i in is it its last me my no not of on our please run running runs show so still ' +
    'stopped stuck take takes task tell that the there this to up waiting wait waits was we went were what whats when ' +
    'where which who why with wrong you'
  ).split(' '),
)

export function searchTerms(question: string): SearchTerms {
  const whole = question.trim().replaceAll(/\s+/g, ' ').slice(0, LONGEST)
  const parts = whole
    .split(' ')
    .map(bare)
    .filter((word) => word !== '')
    .slice(0, MOST_WORDS)
  const words = parts.filter((word) => (word.length > 1 || isNumbered(word)) && !FILLING.has(word.toLowerCase()))
  const exact = new Set<string>()
  const add = (term: string) => {
    if (term !== '' && exact.size < MOST_TERMS) exact.add(term)
  }
  add(whole)
  add(bare(whole))
  // What holds a number is what ids look like.
  for (const word of words.toSorted((a, b) => Number(isNumbered(b)) - Number(isNumbered(a)))) add(word)
  parts.slice(1).forEach((word, i) => {
    if (!isNumbered(word) && !isNumbered(parts[i]!)) return
    for (const joint of JOINTS) add(`${parts[i]}${joint}${word}`)
  })
  return { exact: [...exact], words: [...new Set(words)] }
}

function isNumbered(word: string): boolean {
  return /\d/.test(word)
}

/** Without the punctuation of a sentence around it. */
function bare(word: string): string {
  return word.replace(/^["'«“‘(#]+/u, '').replace(/["'»”’)?!.,;:]+$/u, '')
}
