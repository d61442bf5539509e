/** Events as a table: when, what, of what, by whom, why. */
import { Link } from '@tanstack/react-router'
import type { EventPage } from '../api/types.ts'
import { Time } from '../drawing/time.tsx'
import { DataTable } from './data-table.tsx'

export function EventTable({ events }: { readonly events: EventPage['event_logs'] }) {
  return (
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
            {event.task_id !== null && (
              <div className="quiet">
                {event.task_id}
                {event.try_number !== null && `, try ${event.try_number}`}
              </div>
            )}
          </td>
          <td className="break" style={{ minWidth: 110 }}>
            {event.owner}
          </td>
          <td className="break" style={{ minWidth: 160 }}>
            {event.extra}
          </td>
        </tr>
      ))}
    </DataTable>
  )
}
