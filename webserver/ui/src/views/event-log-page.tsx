/** Everything that happened, newest first, by Dag, run and kind. */
import { Button, TextInput } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useLiveQueries } from '../data/live.ts'
import { useEventLog } from '../data/operations.ts'
import { Time } from '../drawing/time.tsx'
import { DataTable } from './data-table.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'

const FILTERS = [
  { name: 'dag', label: 'Dag' },
  { name: 'run', label: 'Run' },
  { name: 'event', label: 'Event, such as ti.failed' },
] as const

export function EventLogPage() {
  const search = useSearch({ from: '/events' })
  const navigate = useNavigate({ from: '/events' })
  const filter = { dag_id: search.dag ?? '', run_id: search.run ?? '', event: search.event ?? '' }
  const log = useEventLog(filter)
  useLiveQueries([['event-log']], { ...(search.dag === undefined ? {} : { dag_id: search.dag }), everyMs: 3_000 })
  const events = log.data?.pages.flatMap((page) => page.event_logs) ?? []
  return (
    <>
      <PageHeading title="Event log" />
      <form
        style={{ display: 'flex', flexWrap: 'wrap', gap: 10, marginBottom: 14, alignItems: 'flex-end' }}
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          const filled = FILTERS.flatMap(({ name }) => {
            const field = form.get(name)
            const value = typeof field === 'string' ? field.trim() : ''
            return value === '' ? [] : [[name, value] as const]
          })
          void navigate({ search: Object.fromEntries(filled) })
        }}
      >
        {FILTERS.map(({ name, label }) => (
          <TextInput
            key={`${name}${search[name] ?? ''}`}
            name={name}
            label={label}
            defaultValue={search[name] ?? ''}
            style={{ flex: '1 1 160px', maxWidth: 260 }}
          />
        ))}
        <Button type="submit" variant="default">
          Filter
        </Button>
      </form>
      {log.isPending ? (
        <Loading />
      ) : log.isError ? (
        <Failure error={log.error} />
      ) : events.length === 0 ? (
        <div className="panel">
          <Empty title="No event fits">Each transition is kept here with its cause and who asked for it.</Empty>
        </div>
      ) : (
        <DataTable label="Events" head={['When', 'Event', 'Dag', 'Run and task', 'By', 'Cause']}>
          {events.map((event) => (
            <tr key={event.event_log_id}>
              <td>
                <Time at={event.when} />
              </td>
              <td className="mono nowrap">{event.event}</td>
              <td>
                {event.dag_id !== null && (
                  <Link to="/dags/$dagId" params={{ dagId: event.dag_id }} className="plain">
                    {event.dag_id}
                  </Link>
                )}
              </td>
              <td className="break">
                {event.dag_id !== null && event.run_id !== null && (
                  <Link
                    to="/dags/$dagId/runs/$runId"
                    params={{ dagId: event.dag_id, runId: event.run_id }}
                    className="plain nowrap"
                  >
                    {event.run_id}
                  </Link>
                )}
                {event.task_id !== null && <div className="quiet">{event.task_id}</div>}
              </td>
              <td>{event.owner}</td>
              <td className="break" style={{ minWidth: 160 }}>
                {event.extra}
              </td>
            </tr>
          ))}
        </DataTable>
      )}
      {log.hasNextPage && (
        <Button mt="md" variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
          Older events
        </Button>
      )}
    </>
  )
}
