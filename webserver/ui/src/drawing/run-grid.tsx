/**
 * The grid of runs and tasks: newest run on the right, durations on top. Only what is in sight is drawn, along both axes,
 * so a year of runs of a large Dag scrolls smoothly. One cell takes the tab stop; arrow keys move it, Enter opens it.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useCallback, useLayoutEffect, useRef, useState } from 'react'
import type { GridRun } from '../data/grid-model.ts'
import { GridCellButton, GridDurationBar } from './grid-cell.tsx'
import type { GridRow } from './grid-rows.ts'
import { showDay } from './time.tsx'

const CELL = 26
const HEAD = 96

interface Props {
  readonly dagId: string
  readonly runs: readonly GridRun[]
  readonly rows: readonly GridRow[]
  readonly zone: string
  readonly nameOf: (row: GridRow) => ReactNode
  readonly onOpen: (run: GridRun, row: GridRow | null) => void
  /** The oldest run came into sight. */
  readonly onOldest?: (() => void) | undefined
}

/** `row` -1 is that of the durations. */
interface Place {
  readonly row: number
  readonly runId: string | null
}

export function RunGrid({ dagId, runs, rows, zone, nameOf, onOpen, onOldest }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<Place>({ row: -1, runId: null })
  const isNarrow = typeof window !== 'undefined' && window.innerWidth < 600
  const names = isNarrow ? 128 : 220
  const columns = useVirtualizer({
    horizontal: true,
    count: runs.length,
    getScrollElement: () => frame.current,
    estimateSize: () => CELL,
    overscan: 8,
    scrollPaddingStart: names,
  })
  const lines = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => CELL,
    overscan: 6,
    scrollPaddingStart: HEAD,
  })

  // The newest run stays in sight, unless the reader has scrolled away from it.
  const atEnd = useRef(true)
  const newest = runs.at(-1)?.runId
  const oldest = runs[0]?.runId
  const drawn = useRef({ oldest, count: runs.length })
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null || newest === undefined) return
    const before = drawn.current
    drawn.current = { oldest, count: runs.length }
    if (atEnd.current) element.scrollLeft = element.scrollWidth
    // Older runs came in on the left: what was in sight stays where it is.
    else if (before.oldest !== oldest) element.scrollLeft += Math.max(0, runs.length - before.count) * CELL
  }, [newest, oldest, runs.length])

  const column = Math.max(
    0,
    place.runId === null ? runs.length - 1 : runs.findIndex((run) => run.runId === place.runId),
  )
  const longest = Math.max(0.001, ...runs.map(secondsOf))

  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    const far = event.key === 'Home' ? 0 : event.key === 'End' ? runs.length - 1 : column + step[1]
    const nextColumn = Math.min(runs.length - 1, Math.max(0, far))
    const row = Math.min(rows.length - 1, Math.max(-1, place.row + step[0]))
    const run = runs[nextColumn]
    if (run === undefined) return
    setPlace({ row, runId: run.runId })
    columns.scrollToIndex(nextColumn)
    if (row >= 0) lines.scrollToIndex(row)
    requestAnimationFrame(() =>
      frame.current?.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${nextColumn}"]`)?.focus(),
    )
  }
  // The same function for all cells at all times: they are drawn again only for what they show.
  const shown = useRef({ runs, rows, onOpen })
  shown.current = { runs, rows, onOpen }
  const open = useCallback((runId: string, row: number) => {
    const run = shown.current.runs.find((one) => one.runId === runId)
    if (run !== undefined) shown.current.onOpen(run, shown.current.rows[row] ?? null)
  }, [])
  const visible = columns.getVirtualItems()
  return (
    <div
      ref={frame}
      className="run-grid"
      role="grid"
      tabIndex={-1}
      aria-label={`Runs and tasks of ${dagId}, newest run last`}
      aria-rowcount={rows.length + 1}
      aria-colcount={runs.length + 1}
      onKeyDown={move}
      onScroll={({ currentTarget: { scrollLeft, scrollWidth, clientWidth } }) => {
        atEnd.current = scrollLeft + clientWidth >= scrollWidth - CELL
        if (!atEnd.current && scrollLeft < 4 * CELL) onOldest?.()
      }}
    >
      <div
        role="presentation"
        style={{
          width: names + columns.getTotalSize() + 10,
          minWidth: '100%',
          height: HEAD + lines.getTotalSize() + 8,
          position: 'relative',
        }}
      >
        <div className="grid-head" role="row" aria-rowindex={1} style={{ height: HEAD }}>
          <span className="grid-corner" role="columnheader" style={{ width: names }}>
            Duration
          </span>
          {visible.map(({ index, start }) => {
            const run = runs[index]
            if (run === undefined) return null
            return (
              <GridDurationBar
                key={run.runId}
                run={run}
                zone={zone}
                left={names + start}
                column={index}
                height={Math.max(4, 58 * Math.sqrt(secondsOf(run) / longest))}
                isStop={place.row === -1 && column === index}
                day={index % 8 === (runs.length - 1) % 8 && index > 1 ? showDay(run.logicalDate ?? run.runAfter) : null}
                onOpen={open}
                onFocus={setPlace}
              />
            )
          })}
        </div>
        {lines.getVirtualItems().map(({ index: line, start: top }) => {
          const row = rows[line]
          if (row === undefined) return null
          return (
            <div
              key={row.id}
              className="grid-row"
              role="row"
              aria-rowindex={line + 2}
              style={{ top: HEAD + top, width: '100%' }}
            >
              <div className="grid-name" role="rowheader" style={{ width: names, paddingLeft: 10 + row.depth * 16 }}>
                {nameOf(row)}
              </div>
              {visible.map(({ index, start }) => {
                const run = runs[index]
                if (run === undefined) return null
                return (
                  <GridCellButton
                    key={run.runId}
                    run={run}
                    row={row}
                    line={line}
                    column={index}
                    left={names + start}
                    zone={zone}
                    isStop={place.row === line && column === index}
                    onOpen={open}
                    onFocus={setPlace}
                  />
                )
              })}
            </div>
          )
        })}
      </div>
    </div>
  )
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, 0],
  End: [0, 0],
}

export function secondsOf(run: Pick<GridRun, 'startDate' | 'endDate'>): number {
  if (run.startDate === null) return 0
  return Math.max(
    0,
    ((run.endDate === null ? Date.now() : Date.parse(run.endDate)) - Date.parse(run.startDate)) / 1_000,
  )
}
