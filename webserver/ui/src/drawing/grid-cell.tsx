/** A cell of the grid and a bar above it. Drawn again only when what they show has changed. */
import { memo, useEffect, useState } from 'react'
import type { GridRun } from '../data/grid-model.ts'
import { type GridRow, rowState } from './grid-rows.ts'
import { stateSign, stateStyle, stateWord } from './state.tsx'
import { showDuration, showInstant } from './time.tsx'

interface Shared {
  readonly run: GridRun
  readonly zone: string
  readonly left: number
  readonly column: number
  /** Takes the grid's one tab stop. */
  readonly isStop: boolean
  readonly onOpen: (runId: string, row: number) => void
  readonly onFocus: (place: { readonly row: number; readonly runId: string }) => void
}

interface CellProps extends Shared {
  readonly row: GridRow
  readonly line: number
}

export const GridCellButton = memo(function GridCellButton(props: CellProps) {
  const { run, row, line, left, column, isStop, zone, onOpen, onFocus } = props
  const state = rowState(run, row)
  const cell = row.isGroup ? undefined : run.cells.get(row.id)
  const tryNumber = cell?.tryNumber ?? 0
  const words = [
    row.isGroup ? `group ${row.id}` : row.id,
    state === 'absent' ? 'not in this run' : stateWord(state),
    ...(tryNumber > 1 ? [`try ${tryNumber}`] : []),
    whenOf(run, zone),
  ].join(', ')
  return (
    <button
      type="button"
      role="gridcell"
      aria-colindex={column + 2}
      className="grid-cell"
      data-state={state}
      data-task={row.id}
      data-run={run.runId}
      data-row={line}
      data-column={column}
      style={{ ...stateStyle(state), left: left + 2 }}
      tabIndex={isStop ? 0 : -1}
      aria-label={words}
      title={words}
      disabled={state === 'absent'}
      onClick={() => onOpen(run.runId, line)}
      onFocus={() => onFocus({ row: line, runId: run.runId })}
    >
      {state === 'up_for_retry' && cell?.retryAt != null ? (
        <Countdown until={cell.retryAt} />
      ) : tryNumber > 1 && !state.startsWith('compensat') ? (
        tryNumber
      ) : (
        stateSign(state)
      )}
    </button>
  )
}, isSameCell)

/** A new answer brings new objects for every run; what is drawn is compared, not the objects. */
function isSameCell(old: CellProps, next: CellProps): boolean {
  if (old.left !== next.left || old.line !== next.line || old.column !== next.column) return false
  if (old.isStop !== next.isStop || old.row !== next.row || old.onOpen !== next.onOpen) return false
  if (old.run === next.run) return true
  return next.row.taskIds.every((id) => {
    const [a, b] = [old.run.cells.get(id), next.run.cells.get(id)]
    return a?.state === b?.state && a?.tryNumber === b?.tryNumber && a?.retryAt === b?.retryAt
  })
}

function Countdown({ until }: { readonly until: number }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000)
    return () => window.clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000))
  return (
    <span aria-hidden="true" style={{ fontSize: 9.5 }}>
      {seconds < 100 ? `${seconds}s` : `${Math.ceil(seconds / 60)}m`}
    </span>
  )
}

interface BarProps extends Shared {
  readonly height: number
  /** Shown above, now and then. */
  readonly day: string | null
}

export const GridDurationBar = memo(function GridDurationBar(props: BarProps) {
  const { run, left, height, column, isStop, day, zone, onOpen, onFocus } = props
  const seconds =
    run.startDate === null
      ? null
      : ((run.endDate === null ? Date.now() : Date.parse(run.endDate)) - Date.parse(run.startDate)) / 1_000
  const words = `Run ${whenOf(run, zone)}, ${run.runType}, ${run.state}, ${showDuration(seconds)}`
  return (
    <>
      {day !== null && (
        <span className="grid-date" aria-hidden="true" style={{ right: `calc(100% - ${left + 24}px)` }}>
          {day}
        </span>
      )}
      <button
        type="button"
        role="gridcell"
        aria-colindex={column + 2}
        className="grid-bar"
        data-state={run.state}
        data-run={run.runId}
        data-row={-1}
        data-column={column}
        style={{ ...stateStyle(run.state), left, height }}
        tabIndex={isStop ? 0 : -1}
        aria-label={words}
        title={words}
        onClick={() => onOpen(run.runId, -1)}
        onFocus={() => onFocus({ row: -1, runId: run.runId })}
      />
    </>
  )
})

function whenOf(run: GridRun, zone: string): string {
  return `${showInstant(run.logicalDate ?? run.runAfter, zone)} ${zone}`
}
