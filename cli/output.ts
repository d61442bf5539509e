/**
 * What a command says. With `--json` standard output holds one JSON document, or JSON lines for what goes on, and
 * nothing else; without it, text for people. Everything that is not the answer goes to standard error.
 */
import Table from 'cli-table3'
import { safeText } from './terminal/safe-text.ts'

export interface Output {
  readonly json: boolean
  /** The whole answer. */
  answer(value: unknown, text: () => string): void
  /** One line of an answer that goes on. */
  line(value: unknown, text: () => string): void
  /** Beside the answer: standard error, in both modes. */
  note(text: string): void
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

export function createOutput(json: boolean, { stdout, stderr }: Streams): Output {
  return {
    json,
    answer: (value, text) => {
      const body = json ? JSON.stringify(value, null, 2) : text()
      if (body !== '') stdout.write(`${body}\n`)
    },
    line: (value, text) => {
      stdout.write(`${json ? JSON.stringify(value) : text()}\n`)
    },
    note: (text) => {
      stderr.write(`${text}\n`)
    },
  }
}

type Cell = string | number | boolean | null | undefined

/** Columns without borders; control characters of user text are taken out. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const bare = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  }
  const drawn = new Table({
    head: head.map((name) => name.toUpperCase()),
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  for (const row of rows) drawn.push(row.map(cellText))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-'
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  return safeText(String(cell)).replaceAll('\n', ' ')
}

/** `2026-01-31 02:00:00Z`; `null` as `-`. */
export function instant(at: number | null): string {
  return at === null
    ? '-'
    : new Date(at)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.000Z$/, 'Z')
}

/** The same for an instant in ISO 8601. */
export function instantText(at: string | null): string {
  return instant(at === null ? null : Date.parse(at))
}

/** Between two instants in ISO 8601. */
export function elapsedText(from: string | null, to: string | null): string {
  return elapsed(from === null ? null : Date.parse(from), to === null ? null : Date.parse(to))
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 10 min`; `-` when one end is missing. */
export function elapsed(from: number | null, to: number | null): string {
  if (from === null || to === null) return '-'
  const ms = Math.max(0, to - from)
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
