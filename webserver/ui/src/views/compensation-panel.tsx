/** What of a run was or is being undone: in which order, of which try, with the tries that did it. */
import { Link } from '@tanstack/react-router'
import type { Compensation } from '../api/types.ts'
import { StateBadge } from '../drawing/state.tsx'
import { Time } from '../drawing/time.tsx'
import { DataTable } from './data-table.tsx'

interface Props {
  readonly dagId: string
  readonly runId: string
  readonly zone: string | undefined
  readonly compensations: readonly Compensation[]
}

export function CompensationPanel({ dagId, runId, zone, compensations }: Props) {
  const [first] = compensations
  if (first === undefined) return null
  return (
    <>
      <p className="quiet break" style={{ marginTop: 0 }}>
        {first.failed_task === null ? `Asked for by ${first.actor}.` : `Because ${first.failed_task} failed`}
        {first.failed_task !== null && (first.error === null ? '.' : `: ${first.error}`)}
      </p>
      <DataTable label="Compensations" head={['State', 'Task', 'Undoes', 'Tries', 'Planned', 'Ended']}>
        {byEnd(compensations).map((one) => (
          <tr key={`${one.task_instance_id} ${one.forward_try}`}>
            <td>
              <StateBadge state={one.state} />
            </td>
            <td>
              <TryLink {...{ dagId, runId }} taskId={one.task_id} tryNumber={null}>
                {one.task_id}
              </TryLink>
              {one.scope !== null && (
                <div className="quiet" style={{ fontSize: 13 }}>
                  of the saga {one.scope}
                </div>
              )}
            </td>
            <td className="nowrap">
              <TryLink {...{ dagId, runId }} taskId={one.task_id} tryNumber={one.forward_try}>
                try {one.forward_try}
              </TryLink>
              {one.forward_state === 'failed' && ', which failed'}
            </td>
            <td>
              {one.tries.length === 0
                ? 'none yet'
                : one.tries.map((each) => (
                    <div key={each.try_number}>
                      <TryLink {...{ dagId, runId }} taskId={one.task_id} tryNumber={each.try_number}>
                        try {each.try_number}
                      </TryLink>
                      {each.message !== null && <span className="quiet break"> {each.message}</span>}
                    </div>
                  ))}
            </td>
            <td>
              <Time at={one.planned_at} zone={zone} />
            </td>
            <td>
              <Time at={one.ended_at} zone={zone} />
            </td>
          </tr>
        ))}
      </DataTable>
    </>
  )
}

/** In the order in which they were undone; what is open comes last. */
function byEnd(compensations: readonly Compensation[]): readonly Compensation[] {
  const end = ({ ended_at: at }: Compensation) => (at === null ? Number.POSITIVE_INFINITY : Date.parse(at))
  return compensations.toSorted((a, b) => (end(a) === end(b) ? 0 : end(a) - end(b)))
}

function TryLink(props: {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  /** `null`: the last one. */
  readonly tryNumber: number | null
  readonly children: React.ReactNode
}) {
  const { dagId, runId, taskId, tryNumber, children } = props
  return (
    <Link
      to="/dags/$dagId/runs/$runId/tasks/$taskId"
      params={{ dagId, runId, taskId }}
      search={tryNumber === null ? {} : { try: tryNumber }}
      className="plain break"
    >
      {children}
    </Link>
  )
}
