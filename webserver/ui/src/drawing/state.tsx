/** How states look: one colour each (in styles.css), always with a word or a sign beside it, never by colour alone. */
import type { CSSProperties } from 'react'

const WORDS: Readonly<Record<string, string>> = {
  none: 'no status',
  upstream_failed: 'upstream failed',
  up_for_retry: 'up for retry',
  compensation_failed: 'compensation failed',
}

/** Signs inside small cells, so that states differ without colour too. */
const SIGNS: Readonly<Record<string, string>> = {
  failed: '✕',
  upstream_failed: '!',
  up_for_retry: '↻',
  skipped: '–',
  running: '▸',
  deferred: '…',
  compensating: '◂',
  compensated: '◃',
  compensation_failed: '‼',
}

export function stateWord(state: string | null): string {
  return WORDS[state ?? 'none'] ?? state ?? 'no status'
}

export function stateSign(state: string | null): string {
  return SIGNS[state ?? 'none'] ?? ''
}

export function stateStyle(state: string | null): CSSProperties {
  return { '--s': `var(--state-${state ?? 'none'})` } as CSSProperties
}

/** `quietly`: only the dot has the colour, for coloured grounds. */
export function StateBadge({ state, quietly = false }: { readonly state: string | null; readonly quietly?: boolean }) {
  return (
    <span className={quietly ? 'state quietly' : 'state'} data-state={state ?? 'none'} style={stateStyle(state)}>
      {stateWord(state)}
    </span>
  )
}
