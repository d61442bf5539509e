/** The grid of a Dag, live, with what its colours mean below it. */
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import type { DagDetails } from '../api/types.ts'
import { useGrid, useOlderRuns } from '../data/grid.ts'
import type { GridRun } from '../data/grid-model.ts'
import { type GridRow, gridRows } from '../drawing/grid-rows.ts'
import { Icon } from '../drawing/icons.tsx'
import { RunGrid } from '../drawing/run-grid.tsx'
import { StateBadge } from '../drawing/state.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { TriggerButton } from './trigger-form.tsx'

const LEGEND = ['none', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'upstream_failed', 'skipped'] as const
/** Shown only where a run has one. */
const SAGA_LEGEND = ['compensating', 'compensated', 'compensation_failed'] as const
const SAGA_STATES: ReadonlySet<string> = new Set(SAGA_LEGEND)

export function GridTab({ dag }: { readonly dag: DagDetails }) {
  const dagId = dag.dag_id
  const grid = useGrid(dagId)
  const readOlder = useOlderRuns(dagId)
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const structure = grid.data?.structure
  const rows = useMemo(() => (structure === undefined ? [] : gridRows(structure, collapsed)), [structure, collapsed])
  const navigate = useNavigate()
  const onOpen = useCallback(
    (run: GridRun, row: GridRow | null) => {
      const params = { dagId, runId: run.runId }
      if (row === null || row.isGroup) void navigate({ to: '/dags/$dagId/runs/$runId', params })
      else
        void navigate({
          to: '/dags/$dagId/runs/$runId/tasks/$taskId',
          params: { ...params, taskId: row.id },
          search: {},
        })
    },
    [dagId, navigate],
  )
  if (grid.isPending) return <Loading />
  if (grid.isError) return <Failure error={grid.error} />
  const { runs } = grid.data
  if (runs.length === 0) {
    return (
      <div className="panel">
        <Empty title="No runs yet">
          <p>
            {dag.is_paused
              ? 'The Dag is paused. Unpause it, and its schedule makes runs; or trigger one now.'
              : 'The next tick of its schedule makes one; or trigger one now.'}
          </p>
          <TriggerButton dagId={dagId} />
        </Empty>
      </div>
    )
  }
  const hasSaga = runs.some((run) => [...run.cells.values()].some(({ state }) => SAGA_STATES.has(state)))
  const fold = (id: string) =>
    setCollapsed((old) => (old.has(id) ? new Set([...old].filter((one) => one !== id)) : new Set([...old, id])))
  return (
    <section className="panel" aria-label="Grid">
      <RunGrid
        dagId={dagId}
        runs={runs}
        rows={rows}
        zone={dag.timezone}
        onOpen={onOpen}
        onOldest={grid.data.nextBefore === null ? undefined : readOlder}
        nameOf={(row) =>
          row.isGroup ? (
            <button type="button" className="grid-fold" aria-expanded={!row.isCollapsed} onClick={() => fold(row.id)}>
              <Icon name={row.isCollapsed ? 'chevron' : 'down'} size={14} />
              <span>{row.label}</span>
              {row.isSaga === true && <small className="quiet">saga</small>}
            </button>
          ) : (
            <span title={row.id} style={{ overflow: 'hidden', textOverflow: 'ellipsis' }}>
              {row.label}
            </span>
          )
        }
      />
      <div className="legend" aria-hidden="true">
        {(hasSaga ? [...LEGEND, ...SAGA_LEGEND] : LEGEND).map((state) => (
          <StateBadge key={state} state={state} />
        ))}
      </div>
    </section>
  )
}
