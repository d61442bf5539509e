/**
 * Text with ANSI colours as spans. The sixteen colours are mapped to ones that can be read on the page's own ground;
 * backgrounds and everything else are dropped.
 */
export interface Span {
  readonly text: string
  /** A CSS colour, or `null` for the line's own. */
  readonly colour: string | null
  readonly bold: boolean
}

const COLOURS = [
  null,
  'var(--state-failed)',
  'var(--state-success)',
  'var(--state-up_for_retry)',
  'var(--state-running)',
  'var(--state-skipped)',
  'var(--state-running)',
  null,
] as const

const ESCAPE = String.fromCharCode(27)
const SEQUENCE = new RegExp(`${ESCAPE}\\[([0-9;]*)([A-Za-z])`, 'g')

export function ansiSpans(text: string): readonly Span[] {
  if (!text.includes(ESCAPE)) return [{ text, colour: null, bold: false }]
  const spans: Span[] = []
  let colour: string | null = null
  let bold = false
  let from = 0
  const take = (to: number) => {
    if (to > from) spans.push({ text: text.slice(from, to), colour, bold })
  }
  for (const match of text.matchAll(SEQUENCE)) {
    take(match.index)
    from = match.index + match[0].length
    if (match[2] !== 'm') continue
    for (const code of (match[1] || '0').split(';').map(Number)) {
      if (code === 0) [colour, bold] = [null, false]
      else if (code === 1) bold = true
      else if (code === 22) bold = false
      else if (code === 39) colour = null
      else if (code === 90) colour = 'var(--quiet)'
      else if (code >= 30 && code <= 37) colour = COLOURS[code - 30] ?? null
      else if (code >= 91 && code <= 97) colour = COLOURS[code - 90] ?? null
    }
  }
  take(text.length)
  return spans
}

export function withoutAnsi(text: string): string {
  return text.includes(ESCAPE) ? text.replace(SEQUENCE, '') : text
}
