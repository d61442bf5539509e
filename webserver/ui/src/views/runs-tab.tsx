/** Runs of a Dag as a table, newest first. */
import { Pagination } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { DagDetails } from '../api/types.ts'
import { RUNS_PER_PAGE, useRuns } from '../data/runs.ts'
import { StateBadge } from '../drawing/state.tsx'
import { showDuration, Time } from '../drawing/time.tsx'
import { DataTable } from './data-table.tsx'
import { type FilterField, FilterForm } from './filter-form.tsx'
import { Empty, Failure, Loading } from './messages.tsx'

const STATES = ['queued', 'running', 'compensating', 'success', 'failed']
const FIELDS: readonly FilterField[] = [
  { name: 'order', label: 'Correlation id' },
  { name: 'state', label: 'State', kind: STATES.map((state) => ({ value: state, label: state })) },
]

export function RunsTab({ dag }: { readonly dag: DagDetails }) {
  const dagId = dag.dag_id
  const search = useSearch({ from: '/dags/$dagId' })
  const navigate = useNavigate({ from: '/dags/$dagId' })
  const state = STATES.find((one) => one === search.state) ?? null
  const correlationId = search.order ?? ''
  const [offset, setOffset] = useState(0)
  const runs = useRuns(dagId, { state, correlationId, offset })
  return (
    <>
      <FilterForm
        label="Which runs"
        fields={FIELDS}
        values={search}
        onFilter={(values) => {
          setOffset(0)
          void navigate({ search: { tab: 'runs', ...values } })
        }}
      />
      {runs.isPending ? (
        <Loading />
      ) : runs.isError ? (
        <Failure error={runs.error} />
      ) : runs.data.dag_runs.length === 0 ? (
        <div className="panel">
          <Empty title={state === null && correlationId === '' ? 'No runs yet' : 'No run fits'} />
        </div>
      ) : (
        <DataTable
          label="Runs"
          head={['State', 'Run', 'Correlation id', 'Logical date', 'Started', 'Duration', 'Type', 'Made by']}
        >
          {runs.data.dag_runs.map((run) => (
            <tr key={run.dag_run_id}>
              <td>
                <StateBadge state={run.state} />
              </td>
              <td>
                <Link to="/dags/$dagId/runs/$runId" params={{ dagId, runId: run.dag_run_id }} className="plain break">
                  {run.dag_run_id}
                </Link>
                {run.note !== null && <div className="quiet">{run.note}</div>}
              </td>
              <td className="break">{run.correlation_id ?? <span className="quiet">–</span>}</td>
              <td>
                <Time at={run.logical_date} zone={dag.timezone} />
              </td>
              <td>
                <Time at={run.start_date} zone={dag.timezone} />
              </td>
              <td className="nowrap">{showDuration(run.duration)}</td>
              <td>{run.run_type}</td>
              <td>{run.triggered_by}</td>
            </tr>
          ))}
        </DataTable>
      )}
      {runs.data !== undefined && runs.data.total_entries > RUNS_PER_PAGE && (
        <Pagination
          mt="md"
          total={Math.ceil(runs.data.total_entries / RUNS_PER_PAGE)}
          value={Math.floor(offset / RUNS_PER_PAGE) + 1}
          onChange={(page) => setOffset((page - 1) * RUNS_PER_PAGE)}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(page) => ({ 'aria-label': `Page ${page}` })}
        />
      )}
    </>
  )
}
