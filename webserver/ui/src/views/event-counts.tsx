/** How many events fit, and of what. */
import { Select } from '@mantine/core'
import { type EventFilter, useEventCounts } from '../data/event-log.ts'
import { Failure, Loading } from './messages.tsx'
import { ScrollBox } from './scroll-box.tsx'

const BY = [
  { value: 'kind', label: 'by event' },
  { value: 'state', label: 'by state' },
  { value: 'task', label: 'by task' },
  { value: 'dag', label: 'by Dag' },
  { value: 'actor', label: 'by who' },
  { value: 'day', label: 'by day (UTC)' },
] as const

interface Props {
  readonly filter: EventFilter
  readonly by: string
  readonly onBy: (by: string) => void
}

export function EventCounts({ filter, by, onBy }: Props) {
  const known = BY.find(({ value }) => value === by)?.value ?? 'kind'
  const counts = useEventCounts(filter, known)
  return (
    <section className="panel value" aria-label="Counts">
      <div className="value-head" style={{ alignItems: 'center' }}>
        <strong>
          {counts.data === undefined
            ? 'Counting …'
            : `${counts.data.isPartial ? 'More than ' : ''}${counts.data.total.toLocaleString()} events`}
        </strong>
        <Select
          aria-label="Counted by"
          size="xs"
          w={150}
          data={BY}
          value={known}
          allowDeselect={false}
          onChange={(value) => onBy(value ?? 'kind')}
        />
      </div>
      {counts.isPending ? (
        <Loading />
      ) : counts.isError ? (
        <Failure error={counts.error} title="They could not be counted" />
      ) : (
        <ScrollBox label="Counts of events" className="counts">
          <Bars groups={counts.data.groups} />
        </ScrollBox>
      )}
    </section>
  )
}

function Bars({ groups }: { readonly groups: readonly { readonly key: string | null; readonly count: number }[] }) {
  const most = Math.max(1, ...groups.map(({ count }) => count))
  return (
    <table>
      <tbody>
        {groups.map(({ key, count }) => (
          <tr key={key ?? ''}>
            <th scope="row" className="break">
              {key ?? 'none'}
            </th>
            <td className="count">{count.toLocaleString()}</td>
            <td aria-hidden="true" className="count-bar">
              <div className="count-fill" style={{ width: `${(100 * count) / most}%` }} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
