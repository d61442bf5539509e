/** What is known of a Dag besides its runs. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { DagDetails } from '../api/types.ts'
import { useDeleteDag } from '../data/dags.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { showDuration, Time } from '../drawing/time.tsx'
import { ConfirmDialog } from './dialog.tsx'
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
      <DeleteDag dag={dag} />
    </>
  )
}

/** While its file is there it comes back, as a new Dag. */
function DeleteDag({ dag }: { readonly dag: DagDetails }) {
  const [isOpen, { open, close }] = useDisclosure()
  const remove = useDeleteDag(dag.dag_id)
  const navigate = useNavigate()
  if (!useMay('admin')) return null
  return (
    <div style={{ marginTop: 18 }}>
      <Button variant="default" leftSection={<Icon name="trash" size={16} />} onClick={open}>
        Delete this Dag
      </Button>
      <ConfirmDialog
        opened={isOpen}
        onClose={close}
        title={`Delete ${dag.dag_id}?`}
        verb="Delete"
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          void remove.mutateAsync().then(
            () => navigate({ to: '/dags' }),
            () => {},
          )
        }
      >
        Its runs go with their tries, logs and XComs. Its events stay.
        {!dag.is_stale &&
          ` While ${dag.relative_fileloc} declares it, it comes back as a new Dag when that file is next parsed.`}
      </ConfirmDialog>
    </div>
  )
}
