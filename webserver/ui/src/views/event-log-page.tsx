/** Everything that happened, newest first, as it happens: filtered, counted, as a file. */
import { Button, Group } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { exportPath, useEventLog, useFollowing, useNewestEvents } from '../data/event-log.ts'
import { EventCounts } from './event-counts.tsx'
import { eventFilterOf } from './event-search.ts'
import { EventTable } from './event-table.tsx'
import { type FilterField, FilterForm } from './filter-form.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'

const FIELDS: readonly FilterField[] = [
  { name: 'order', label: 'Correlation id' },
  { name: 'dag', label: 'Dag' },
  { name: 'event', label: 'Event', placeholder: 'ti.failed run.' },
  { name: 'state', label: 'State', placeholder: 'failed' },
  { name: 'task', label: 'Task', isRare: true },
  { name: 'run', label: 'Run (with its Dag)', isRare: true },
  { name: 'by', label: 'By', placeholder: 'user:anna', isRare: true },
  { name: 'from', label: 'From', kind: 'instant', isRare: true },
  { name: 'to', label: 'To', kind: 'instant', isRare: true },
]

export function EventLogPage() {
  const search = useSearch({ from: '/events' })
  const navigate = useNavigate({ from: '/events' })
  const filter = useMemo(() => eventFilterOf(search), [search])
  const [isPaused, setIsPaused] = useState(false)
  const log = useEventLog(filter)
  const readNewest = useNewestEvents(filter)
  // Who reads older pages is not to have them move away.
  const isFollowing = !isPaused && (log.data?.pages.length ?? 1) === 1
  const hasNew = useFollowing(filter, isFollowing)
  const events = log.data?.pages.flatMap((page) => page.event_logs) ?? []
  const follow = () => {
    setIsPaused(isFollowing)
    if (!isFollowing) readNewest()
  }
  const { count, ...filters } = search
  return (
    <>
      <PageHeading
        title="Event log"
        beside={
          <span className="quiet small" role="status">
            {isFollowing ? 'live' : hasNew ? 'paused, and more has happened' : 'paused'}
          </span>
        }
        actions={
          <Group gap="xs">
            <Button variant="default" aria-pressed={isFollowing} onClick={follow}>
              {isFollowing ? 'Pause' : 'Follow'}
            </Button>
            <Button
              variant="default"
              aria-expanded={count !== undefined}
              onClick={() => void navigate({ search: count === undefined ? { ...filters, count: 'kind' } : filters })}
            >
              Count
            </Button>
            <Button component="a" href={exportPath(filter)} download="events.jsonl" variant="default">
              Export
            </Button>
          </Group>
        }
      />
      <FilterForm
        label="Which events"
        fields={FIELDS}
        values={search}
        onFilter={(values) => void navigate({ search: count === undefined ? values : { ...values, count } })}
      />
      {count !== undefined && (
        <EventCounts filter={filter} by={count} onBy={(by) => void navigate({ search: { ...filters, count: by } })} />
      )}
      {log.isPending ? (
        <Loading />
      ) : log.isError ? (
        <Failure error={log.error} />
      ) : events.length === 0 ? (
        <div className="panel">
          <Empty title={log.hasNextPage ? 'Nothing fits among the newest events' : 'No event fits'}>
            Each transition is kept here with its cause and who asked for it.
          </Empty>
        </div>
      ) : (
        <EventTable events={events} />
      )}
      {log.hasNextPage && (
        <Button mt="md" variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
          Older events
        </Button>
      )}
      {log.data !== undefined && log.data.pages.length > 1 && (
        <p className="quiet small">
          Older events are shown, so newer ones are not added.{' '}
          <Link to="/events" search={search} className="plain" onClick={readNewest}>
            Back to the newest
          </Link>
        </p>
      )}
    </>
  )
}
