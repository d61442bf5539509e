/** One run: how it stands, its task instances, what it was given, and what can be done to it. */
import { Menu, Tabs } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { Run } from '../api/types.ts'
import { useDag } from '../data/dags.ts'
import { useCompensations, useDeleteRun, useRun, useSetNote, useTaskInstances } from '../data/runs.ts'
import { StateBadge } from '../drawing/state.tsx'
import { showDuration, Time } from '../drawing/time.tsx'
import { ChangeActions } from './change-actions.tsx'
import { CompensationPanel } from './compensation-panel.tsx'
import { DataTable } from './data-table.tsx'
import { ConfirmDialog } from './dialog.tsx'
import { Facts } from './facts.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { Note } from './note.tsx'
import { PageHeading } from './page-heading.tsx'
import { JsonBox } from './scroll-box.tsx'
import { Trail } from './trail.tsx'

const GraphTab = lazy(async () => ({ default: (await import('./graph-tab.tsx')).GraphTab }))

export function RunPage() {
  const { dagId, runId } = useParams({ from: '/dags/$dagId/runs/$runId' })
  const run = useRun(dagId, runId)
  const undone = useCompensations(dagId, runId)
  const saveNote = useSetNote(dagId, runId)
  const dag = useDag(dagId)
  const zone = dag.data?.timezone
  if (run.isPending) return <Loading />
  if (run.isError) return <Failure error={run.error} title={`Run ${runId}`} />
  const { data } = run
  return (
    <>
      <PageHeading
        title={runId}
        trail={<Trail dagId={dagId} />}
        beside={<StateBadge state={data.state} />}
        actions={<RunActions run={data} />}
      />
      <section className="panel" style={{ padding: 18, marginBottom: 14 }} aria-label="About this run">
        <Facts
          facts={{
            'Logical date': <Time at={data.logical_date} zone={zone} />,
            Started: <Time at={data.start_date} zone={zone} />,
            Ended: <Time at={data.end_date} zone={zone} />,
            Duration: showDuration(data.duration),
            Type: data.run_type,
            'Made by': data.triggered_by,
            ...(data.correlation_id === null
              ? {}
              : {
                  'Correlation id': (
                    <Link to="/search" search={{ q: data.correlation_id }} className="plain">
                      {data.correlation_id}
                    </Link>
                  ),
                }),
            'Run after': <Time at={data.run_after} zone={zone} />,
            'Dag version': data.dag_versions.at(-1)?.version_number,
            Events: (
              <Link to="/events" search={{ dag: dagId, run: runId }} className="plain">
                What happened
              </Link>
            ),
          }}
        />
        <Note note={data.note} save={saveNote} />
      </section>
      <Tabs defaultValue="tasks" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="tasks">Task instances</Tabs.Tab>
          <Tabs.Tab value="graph">Graph</Tabs.Tab>
          {undone.data !== undefined && undone.data.length > 0 && <Tabs.Tab value="undone">Compensation</Tabs.Tab>}
          <Tabs.Tab value="conf">Conf</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tasks">
          <TaskInstances dagId={dagId} runId={runId} zone={zone} />
        </Tabs.Panel>
        <Tabs.Panel value="graph">
          <Suspense fallback={<Loading />}>
            <GraphTab dagId={dagId} runId={runId} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="undone">
          <CompensationPanel dagId={dagId} runId={runId} zone={zone} compensations={undone.data ?? []} />
        </Tabs.Panel>
        <Tabs.Panel value="conf">
          <JsonBox label="Conf" value={data.conf ?? {}} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function TaskInstances(props: { readonly dagId: string; readonly runId: string; readonly zone: string | undefined }) {
  const { dagId, runId, zone } = props
  const tis = useTaskInstances(dagId, runId)
  if (tis.isPending) return <Loading />
  if (tis.isError) return <Failure error={tis.error} />
  if (tis.data.length === 0) {
    return (
      <div className="panel">
        <Empty title="No task instances yet">The run is queued: they are made when it begins.</Empty>
      </div>
    )
  }
  return (
    <DataTable label="Task instances" head={['State', 'Task', 'Try', 'Started', 'Duration', 'Pool']}>
      {tis.data.map((ti) => (
        <tr key={`${ti.task_id} ${ti.map_index}`}>
          <td>
            <StateBadge state={ti.state} />
          </td>
          <td>
            <Link
              to="/dags/$dagId/runs/$runId/tasks/$taskId"
              params={{ dagId, runId, taskId: ti.task_id }}
              search={{}}
              className="plain break"
            >
              {ti.task_id}
            </Link>
            {ti.cause !== null && ti.cause !== undefined && (
              <div className="quiet break" style={{ fontSize: 13 }}>
                {ti.cause.message}
              </div>
            )}
          </td>
          <td className="nowrap">
            {ti.try_number === 0 ? '–' : `${ti.try_number} of ${Math.max(ti.max_tries + 1, ti.try_number)}`}
          </td>
          <td>
            <Time at={ti.try_number === 0 ? null : ti.start_date} zone={zone} />
          </td>
          <td className="nowrap">{showDuration(ti.try_number === 0 ? null : ti.duration)}</td>
          <td>{ti.pool}</td>
        </tr>
      ))}
    </DataTable>
  )
}

function RunActions({ run }: { readonly run: Run }) {
  const { dag_id: dagId, dag_run_id: runId, state } = run
  const [isDeleting, { open, close }] = useDisclosure()
  const remove = useDeleteRun(dagId, runId)
  const navigate = useNavigate()
  const isFinished = state === 'success' || state === 'failed'
  // Not by `onSuccess`: this page may have found out first, and be drawn no more.
  const leave = () => navigate({ to: '/dags/$dagId', params: { dagId } })
  const whole = { taskIds: [], upstream: false, downstream: false }
  return (
    <>
      <ChangeActions
        dagId={dagId}
        runId={runId}
        clear={{ kind: 'clear', ...whole, onlyFailed: state === 'failed' }}
        choices={[
          { label: 'Mark as success', change: { kind: 'mark-run', state: 'success' } },
          { label: 'Mark as failed', change: { kind: 'mark-run', state: 'failed' }, isDisabled: state === 'failed' },
          { label: 'Undo what it did', change: { kind: 'compensate', taskIds: [] }, isDisabled: state === 'queued' },
          { label: 'Cancel the run', change: { kind: 'cancel', taskIds: [] }, isDisabled: isFinished, isGrave: true },
        ]}
      >
        <Menu.Item disabled={!isFinished} color="red" onClick={open}>
          Delete the run
        </Menu.Item>
      </ChangeActions>
      <ConfirmDialog
        opened={isDeleting}
        onClose={close}
        title="Delete the run?"
        verb="Delete"
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => void remove.mutateAsync().then(leave, () => {})}
      >
        {runId} goes with its tries, logs and XComs. Its events stay.
      </ConfirmDialog>
    </>
  )
}
