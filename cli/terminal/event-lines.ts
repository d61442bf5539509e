/** Events as lines of aligned columns: time, kind, run, task with its try, who, why. Widths grow with what was said. */
import { stripVTControlCharacters } from 'node:util'
import type { Event } from '../platform/platform.ts'
import { safeText } from './safe-text.ts'

/** No column makes the others unreadable. */
const WIDEST = 44

export class EventLines {
  readonly #columns: number | undefined
  readonly #widths: number[] = []

  /** `columns` of the terminal; left out: lines are as long as they are. */
  constructor(columns: number | undefined) {
    this.#columns = columns
  }

  /** So that the first line is as wide as the widest of them. */
  prepare(events: readonly Event[]): void {
    for (const event of events) this.#widen(cellsOf(event))
  }

  line(event: Event): string {
    const cells = cellsOf(event)
    this.#widen(cells)
    const aligned = cells.map((cell, i) => cell.padEnd(this.#widths[i] ?? 0))
    const text = [...aligned, oneLine(event.cause ?? '')].join('  ').trimEnd()
    if (this.#columns === undefined || text.length <= this.#columns) return text
    return `${text.slice(0, Math.max(1, this.#columns - 1))}…`
  }

  #widen(cells: readonly string[]): void {
    cells.forEach((cell, i) => {
      this.#widths[i] = Math.max(this.#widths[i] ?? 0, Math.min(WIDEST, cell.length))
    })
  }
}

function cellsOf({
  at,
  kind,
  actor,
  dag_id,
  dag_run_id,
  dag_run_number,
  task_id,
  try_number,
  ...rest
}: Event): string[] {
  const run = dag_run_id ?? (dag_run_number === null ? null : `run ${dag_run_number}`)
  const task = task_id ?? (rest.task_instance_number === null ? null : `TI ${rest.task_instance_number}`)
  const map = rest.map_index === null || rest.map_index < 0 ? '' : `[${rest.map_index}]`
  const tried = try_number === null || try_number < 2 ? '' : ` #${try_number}`
  return [
    at.replace('T', ' '),
    kind,
    [dag_id, run].filter((name) => name !== null).join(' '),
    task === null ? '' : `${task}${map}${tried}`,
    // Of a host its name and process; the rest only tells one start of it from another.
    actor.startsWith('host:') ? actor.split(':').slice(0, 3).join(':') : actor,
  ].map(oneLine)
}

function oneLine(text: string): string {
  return safeText(stripVTControlCharacters(text)).replaceAll('\n', ' ')
}
