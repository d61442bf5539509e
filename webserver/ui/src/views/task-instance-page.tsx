/** One task instance: each of its tries with log, cause of death and XComs, and why it is not running. */
import { Alert, Button, Group, Tabs } from '@mantine/core'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { TaskInstance } from '../api/types.ts'
import { useDag } from '../data/dags.ts'
import type { TiName } from '../data/paths.ts'
import { useReasons, useSetTiNote, useTaskInstance, useTries } from '../data/task-instance.ts'
import { StateBadge, stateWord } from '../drawing/state.tsx'
import { showDuration, Time, useNow } from '../drawing/time.tsx'
import { ChangeActions, type ChangeChoice } from './change-actions.tsx'
import { Facts } from './facts.tsx'
import { InputsPanel } from './inputs-panel.tsx'
import { LogPanel } from './log-panel.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { Note } from './note.tsx'
import { PageHeading } from './page-heading.tsx'
import { Trail } from './trail.tsx'
import { XComPanel } from './xcom-panel.tsx'

const FINISHED = new Set([
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'removed',
  'compensated',
  'compensation_failed',
])

export function TaskInstancePage() {
  const name = useParams({ from: '/dags/$dagId/runs/$runId/tasks/$taskId' })
  const search = useSearch({ from: '/dags/$dagId/runs/$runId/tasks/$taskId' })
  const navigate = useNavigate({ from: '/dags/$dagId/runs/$runId/tasks/$taskId' })
  const { dagId, runId, taskId } = name
  const zone = useDag(dagId).data?.timezone
  const ti = useTaskInstance(name)
  const tries = useTries(name)
  const saveNote = useSetTiNote(name)
  if (ti.isPending) return <Loading />
  if (ti.isError) return <Failure error={ti.error} title={`${taskId} in ${runId}`} />
  const { data } = ti
  const tryNumber = search.try ?? data.try_number
  const shown = tries.data?.find((one) => one.try_number === tryNumber) ?? null
  return (
    <>
      <PageHeading
        title={taskId}
        trail={<Trail dagId={dagId} runId={runId} />}
        beside={<StateBadge state={data.state} />}
        actions={<Actions ti={data} />}
      />
      <div className="ti-note">
        <Note note={data.note} save={saveNote} />
      </div>
      <WhyNot name={name} ti={data} />
      {tries.isError ? (
        <Failure error={tries.error} title="Its tries could not be read" />
      ) : data.try_number === 0 ? (
        <>
          <div className="panel">
            <Empty title="It has not been tried yet">Its log and its XComs appear here with its first try.</Empty>
          </div>
          <h2 className="part">What it would be given</h2>
          <InputsPanel name={name} tryNumber={0} />
        </>
      ) : (
        <>
          <TryChooser
            tries={tries.data ?? []}
            value={tryNumber}
            onChange={(number) => void navigate({ search: number === data.try_number ? {} : { try: number } })}
          />
          {shown !== null && <TryFacts one={shown} zone={zone} />}
          <Tabs defaultValue="log" keepMounted={false}>
            <Tabs.List mb="md">
              <Tabs.Tab value="log">Log</Tabs.Tab>
              <Tabs.Tab value="inputs">Inputs</Tabs.Tab>
              <Tabs.Tab value="xcom">XComs</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="log">
              <LogPanel name={name} tryNumber={tryNumber} mapIndex={data.map_index} />
            </Tabs.Panel>
            <Tabs.Panel value="inputs">
              <InputsPanel name={name} tryNumber={tryNumber} />
            </Tabs.Panel>
            <Tabs.Panel value="xcom">
              <XComPanel name={name} tryNumber={tryNumber} />
            </Tabs.Panel>
          </Tabs>
        </>
      )}
    </>
  )
}

function TryChooser(props: {
  readonly tries: readonly TaskInstance[]
  readonly value: number
  readonly onChange: (tryNumber: number) => void
}) {
  return (
    <Group gap={6} mb="sm" role="group" aria-label="Tries">
      {props.tries.map((one) => (
        <Button
          key={one.try_number}
          size="compact-md"
          variant={one.try_number === props.value ? 'light' : 'default'}
          aria-pressed={one.try_number === props.value}
          onClick={() => props.onChange(one.try_number)}
          leftSection={<StateBadge state={one.state} quietly />}
        >
          Try {one.try_number}
          {one.compensates_try !== null && ', undoing'}
        </Button>
      ))}
    </Group>
  )
}

function TryFacts({ one, zone }: { readonly one: TaskInstance; readonly zone: string | undefined }) {
  const cause = one.cause ?? null
  return (
    <section className="panel" style={{ padding: 18, marginBottom: 14 }} aria-label={`Try ${one.try_number}`}>
      <Facts
        facts={{
          ...(one.compensates_try === null ? {} : { Undoes: `try ${one.compensates_try}` }),
          Queued: <Time at={one.queued_when} zone={zone} />,
          Started: <Time at={one.start_date} zone={zone} />,
          Ended: <Time at={one.end_date} zone={zone} />,
          Duration: showDuration(one.duration),
          Host: one.hostname === null ? null : <Host name={one.hostname} pid={one.pid} />,
          Pool: `${one.pool}, ${one.pool_slots} ${one.pool_slots === 1 ? 'slot' : 'slots'}`,
        }}
      />
      {cause !== null && (
        <Alert mt="md" color="red" variant="light" title={`Cause of death: ${cause.kind.replaceAll('-', ' ')}`}>
          <span className="break" style={{ whiteSpace: 'pre-wrap' }}>
            {cause.message}
          </span>
          {cause.by !== undefined && <div>By {cause.by}.</div>}
          {(cause.exitCode !== undefined || cause.signal !== undefined) && (
            <div>
              {cause.exitCode !== undefined && `Exit code ${cause.exitCode}. `}
              {cause.signal !== undefined && `Signal ${cause.signal}.`}
            </div>
          )}
          {cause.stack !== undefined && (
            <details style={{ marginTop: 8 }}>
              <summary>Stack</summary>
              <pre className="json">{cause.stack}</pre>
            </details>
          )}
        </Alert>
      )}
    </section>
  )
}

/** The name of the machine is enough to read; that of the program on it is there on hover. */
function Host({ name, pid }: { readonly name: string; readonly pid: number | null }) {
  return (
    <span title={name}>
      {name.split(':')[0]}
      {pid !== null && `, process ${pid}`}
    </span>
  )
}

function WhyNot({ name, ti }: { readonly name: TiName; readonly ti: TaskInstance }) {
  const isOpen = ti.state === null || !FINISHED.has(ti.state)
  const isWaiting = isOpen && ti.state !== 'running'
  const reasons = useReasons(name, isWaiting || ti.state === 'upstream_failed' || ti.state === 'skipped')
  const now = useNow(1_000)
  const retryAt = ti.state === 'up_for_retry' && ti.retry_at != null ? Date.parse(ti.retry_at) : null
  if (reasons.data === undefined || reasons.data.length === 0) return null
  const title = isWaiting ? 'Why it is not running' : `Why it is ${stateWord(ti.state)}`
  return (
    <Alert color="blue" variant="light" title={title} mb="md">
      <ul style={{ margin: 0, paddingLeft: 18 }}>
        {reasons.data.map((one) => (
          <li key={`${one.name}${one.reason}`}>{one.reason}</li>
        ))}
      </ul>
      {retryAt !== null && retryAt > now && <div>Next try in {showDuration(Math.ceil((retryAt - now) / 1_000))}.</div>}
    </Alert>
  )
}

function Actions({ ti }: { readonly ti: TaskInstance }) {
  const one = { taskIds: [ti.task_id], upstream: false }
  const mark = (state: 'success' | 'failed' | 'skipped'): ChangeChoice => ({
    label: `Mark as ${state}`,
    change: { kind: 'mark', ...one, downstream: false, state, onlyFailed: false },
  })
  const isOpen = ti.state === null || !FINISHED.has(ti.state)
  return (
    <ChangeActions
      dagId={ti.dag_id}
      runId={ti.dag_run_id}
      clear={{ kind: 'clear', ...one, downstream: true, onlyFailed: false }}
      choices={[
        mark('success'),
        mark('failed'),
        mark('skipped'),
        { label: 'Cancel it', change: { kind: 'cancel', taskIds: [ti.task_id] }, isDisabled: !isOpen, isGrave: true },
      ]}
    />
  )
}
