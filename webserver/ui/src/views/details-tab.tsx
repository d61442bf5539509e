/** What is known of a Dag besides its runs. */
import type { ReactNode } from 'react'
import type { DagDetails } from '../api/types.ts'
import { showDuration, Time } from '../drawing/time.tsx'
import { Facts } from './facts.tsx'
import { JsonBox } from './scroll-box.tsx'

export function DetailsTab({ dag }: { readonly dag: DagDetails }) {
  const zone = dag.timezone
  const facts: Readonly<Record<string, ReactNode>> = {
    'Dag id': <span className="mono">{dag.dag_id}</span>,
    File: <span className="mono">{dag.relative_fileloc}</span>,
    Version: dag.version_number,
    Parsed: <Time at={dag.last_parsed_time} zone={zone} />,
    Schedule: dag.timetable_summary ?? 'none',
    'Time zone': zone,
    'Start date': <Time at={dag.start_date} zone={zone} />,
    'End date': <Time at={dag.end_date} zone={zone} />,
    'Next run': <Time at={dag.next_dagrun_run_after} zone={zone} />,
    Catchup: dag.catchup ? 'yes: each missed tick gets a run' : 'no: only the latest',
    'Runs at once': dag.max_active_runs,
    'Tasks at once, per run': dag.max_active_tasks,
    'A run may take': dag.dag_run_timeout === null ? 'as long as it needs' : showDuration(dag.dag_run_timeout),
    Owner: dag.owners.join(', '),
  }
  return (
    <>
      <section className="panel" style={{ padding: 18 }} aria-label="Details">
        <Facts facts={facts} />
      </section>
      {dag.doc_md !== null && (
        <section className="panel" style={{ padding: 18, marginTop: 14, whiteSpace: 'pre-wrap' }} aria-label="About">
          {dag.doc_md}
        </section>
      )}
      {dag.params !== null && (
        <section style={{ marginTop: 14 }} aria-label="Params">
          <h2 style={{ fontSize: 15 }}>Params</h2>
          <JsonBox label="JSON Schema of the params" value={dag.params} />
        </section>
      )}
    </>
  )
}
