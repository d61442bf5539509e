/** Where a page of a Dag is: all Dags, the Dag, the run. */
import { Link } from '@tanstack/react-router'

export function Trail({ dagId, runId }: { readonly dagId?: string; readonly runId?: string }) {
  return (
    <>
      <Link to="/dags" className="plain">
        Dags
      </Link>
      {dagId !== undefined && (
        <>
          {' / '}
          <Link to="/dags/$dagId" params={{ dagId }} className="plain">
            {dagId}
          </Link>
        </>
      )}
      {dagId !== undefined && runId !== undefined && (
        <>
          {' / '}
          <Link to="/dags/$dagId/runs/$runId" params={{ dagId, runId }} className="plain">
            {runId}
          </Link>
        </>
      )}
    </>
  )
}
