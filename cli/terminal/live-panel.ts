/**
 * The panel on a terminal: what runs, redrawn in place at most four times a second and only when it changed. Lines that
 * are to stay (start, errors) scroll by above it. It leaves the terminal as it found it.
 */
import { styleText } from 'node:util'
import { type Activity, type Counted, countedRuns, countedTis, DRAINING, NO_ACTIVITY } from './activity.ts'
import { safeText } from './safe-text.ts'

export interface PanelTarget {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

export interface View {
  /** A line that stays. */
  log(line: string): void
  show(activity: Activity): void
  close(): void
}

const MIN_REDRAW_MS = 250
const SHOWN_ERRORS = 3
/** Where the terminal does not say, or says 0. */
const ASSUMED_COLUMNS = 80
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

export function createLivePanel(target: PanelTarget, head: () => string, now: () => number): View {
  let height = 0
  let drawn = ''
  let drawnAt = Number.NEGATIVE_INFINITY
  let latest = NO_ACTIVITY
  let pending: NodeJS.Timeout | null = null
  let closed = false
  target.write(HIDE_CURSOR)

  const erase = () => {
    if (height > 0) target.write(`\u001b[${height}A\r\u001b[J`)
    height = 0
    drawn = ''
  }
  const draw = () => {
    pending = null
    if (closed) return
    const lines = panelLines(latest, head(), target.columns || ASSUMED_COLUMNS)
    const text = lines.join('\n')
    if (text === drawn) return
    erase()
    target.write(`${text}\n`)
    height = lines.length
    drawn = text
    drawnAt = now()
  }
  const drawSoon = () => {
    if (pending === null && !closed) pending = setTimeout(draw, Math.max(0, MIN_REDRAW_MS - (now() - drawnAt)))
  }

  return {
    log: (line) => {
      erase()
      target.write(`${line}\n`)
      drawSoon()
    },
    show: (activity) => {
      latest = activity
      drawSoon()
    },
    close: () => {
      if (closed) return
      closed = true
      if (pending !== null) clearTimeout(pending)
      target.write(SHOW_CURSOR)
    },
  }
}

type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'gray' | 'magenta'

const COLOURS: Readonly<Record<string, Colour>> = {
  success: 'green',
  failed: 'red',
  upstream_failed: 'red',
  running: 'cyan',
  queued: 'yellow',
  up_for_retry: 'yellow',
  deferred: 'magenta',
  skipped: 'gray',
  none: 'gray',
  removed: 'gray',
}

/** Pure: the lines of the panel, none wider than the terminal. */
export function panelLines(activity: Activity, head: string, columns: number): string[] {
  const { active, paused, broken } = activity.dags
  const dags: Counted = [
    ['active', active],
    ['paused', paused],
    ['broken', broken],
  ]
  const rate = activity.endedPerSecond > 0 ? `  ${activity.endedPerSecond.toFixed(0)}/s` : ''
  const lines = [
    styleText('bold', clip(head, columns)),
    row(
      'Dags',
      dags.filter(([name, count]) => name === 'active' || count > 0),
      columns,
      '',
    ),
    row('Runs', countedRuns(activity), columns, ''),
    row('TIs', countedTis(activity), columns, rate),
  ]
  if (activity.draining) lines.push(styleText('yellow', clip(sentence(DRAINING), columns)))
  for (const error of activity.errors.slice(-SHOWN_ERRORS)) {
    const text = `${new Date(error.at).toISOString().slice(11, 19)} ${safeText(error.text).replaceAll('\n', ' ')}`
    lines.push(styleText('red', clip(text, columns)))
  }
  return lines
}

function row(name: string, counted: Counted, columns: number, tail: string): string {
  let text = name.padEnd(6)
  let width = text.length
  for (const [state, count] of counted) {
    const part = `${count} ${state}  `
    if (width + part.length > columns) break
    width += part.length
    const colour = state === 'broken' ? 'red' : COLOURS[state]
    text += colour === undefined || count === 0 ? part : styleText(colour, part)
  }
  if (counted.length === 0) {
    text += '-'
    width += 1
  }
  return width + tail.length > columns ? text : text + tail
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function clip(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`
}
