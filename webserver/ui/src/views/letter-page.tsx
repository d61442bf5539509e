/** One dead letter: why it failed for good, with what, and what was done about it. */
import { Alert, Button, Group, Tabs } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { LetterDetails } from '../api/types.ts'
import { useDag } from '../data/dags.ts'
import { useLetter } from '../data/letters.ts'
import { useMay } from '../data/session.ts'
import { StateBadge } from '../drawing/state.tsx'
import { Time } from '../drawing/time.tsx'
import { Facts } from './facts.tsx'
import { InputList } from './inputs-panel.tsx'
import { type LetterAction, LetterDialog } from './letter-dialog.tsx'
import { LetterStatus } from './letter-status.tsx'
import { LogPanel } from './log-panel.tsx'
import { Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { JsonBox, ScrollBox } from './scroll-box.tsx'

export function LetterPage() {
  const { letterId } = useParams({ from: '/letters/$letterId' })
  const letter = useLetter(letterId)
  if (letter.isPending) return <Loading />
  if (letter.isError) return <Failure error={letter.error} title={`Dead letter ${letterId}`} />
  const { data } = letter
  const name = { dagId: data.dag_id, runId: data.dag_run_id, taskId: data.task_id }
  return (
    <>
      <PageHeading
        title={data.kind === 'compensation' ? `${data.task_id}: its compensation failed` : `${data.task_id} failed`}
        trail={
          <>
            <Link to="/letters" className="plain">
              Dead letters
            </Link>
            {` / ${letterId}`}
          </>
        }
        beside={<span className={data.status === 'open' ? 'letter-open' : 'quiet'}>{data.status}</span>}
        actions={<Actions letter={data} />}
      />
      <AboutLetter letter={data} />
      <Tabs defaultValue="stack" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="stack">Stack</Tabs.Tab>
          <Tabs.Tab value="inputs">Inputs</Tabs.Tab>
          <Tabs.Tab value="log">Log</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="stack">
          {data.cause?.stack == null ? (
            <p className="quiet">No stack is known of it.</p>
          ) : (
            <ScrollBox as="pre" label="Stack" className="json">
              {data.cause.stack}
            </ScrollBox>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="inputs">
          {data.input_overrides !== null && (
            <section className="panel value" aria-label="Replaced by hand">
              <div className="value-head">Replaced by hand</div>
              <JsonBox label="Inputs that were replaced" value={data.input_overrides} />
            </section>
          )}
          <InputList inputs={data.inputs} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <LogPanel name={name} tryNumber={data.try_number} mapIndex={data.map_index} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function AboutLetter({ letter }: { readonly letter: LetterDetails }) {
  const { dag_id: dagId, dag_run_id: runId, task_id: taskId, try_number: tryNumber, fingerprint } = letter
  const zone = useDag(dagId).data?.timezone
  const isUndoing = letter.kind === 'compensation'
  return (
    <section className="panel" style={{ padding: 18, marginBottom: 14 }} aria-label="About this letter">
      <Alert color="red" variant="light" mb="md" title={`Cause: ${letter.cause_kind.replaceAll('-', ' ')}`}>
        <span className="break" style={{ whiteSpace: 'pre-wrap' }}>
          {letter.cause?.message ?? letter.message}
        </span>
      </Alert>
      <Facts
        facts={{
          Failed: <Time at={letter.at} zone={zone} />,
          Dag: (
            <Link to="/dags/$dagId" params={{ dagId }} className="plain">
              {dagId}
            </Link>
          ),
          Run: (
            <Link to="/dags/$dagId/runs/$runId" params={{ dagId, runId }} className="plain">
              {runId}
            </Link>
          ),
          Try: (
            <Link
              to="/dags/$dagId/runs/$runId/tasks/$taskId"
              params={{ dagId, runId, taskId }}
              search={{ try: tryNumber }}
              className="plain"
            >
              {tryNumber}
              {isUndoing && `, undoing try ${letter.forward_try}`}
            </Link>
          ),
          'State of the run': <StateBadge state={letter.run_state} />,
          Undone: <Undone letter={letter} />,
          ...(letter.correlation_id === null
            ? {}
            : {
                'Correlation id': (
                  <Link to="/search" search={{ q: letter.correlation_id }} className="plain">
                    {letter.correlation_id}
                  </Link>
                ),
              }),
          'Dag version': versions(letter),
          Strategy: letter.strategy.replaceAll('-', ' '),
          'Alike failures': (
            <Link to="/letters" search={{ view: 'letters', print: fingerprint, status: 'all' }} className="plain">
              Show them
            </Link>
          ),
          ...(letter.life === 0 ? {} : { 'Idempotency keys': `renewed ${letter.life} times` }),
          ...(letter.status === 'open' ? {} : { 'What became of it': <LetterStatus letter={letter} /> }),
        }}
      />
    </section>
  )
}

function Undone({ letter: { compensation } }: { readonly letter: LetterDetails }) {
  return compensation === 'none' ? <>nothing</> : <StateBadge state={compensation} />
}

function versions({ version_number: old, newest_version_number: now }: LetterDetails): string {
  if (old === null) return now === null ? 'gone' : `gone, newest ${now}`
  return now === null || now === old ? `${old}` : `${old}, newest ${now}`
}

function Actions({ letter }: { readonly letter: LetterDetails }) {
  const [action, setAction] = useState<LetterAction | null>(null)
  const may = useMay('operator')
  const act = (kind: LetterAction['kind']) => setAction({ kind, selection: { ids: [letter.id] }, letter })
  return (
    <>
      {may && letter.status === 'open' && (
        <Group gap="xs">
          <Button onClick={() => act('redrive')}>Redrive …</Button>
          <Button variant="default" onClick={() => act('discard')}>
            Discard …
          </Button>
        </Group>
      )}
      <LetterDialog action={action} onClose={() => setAction(null)} />
    </>
  )
}
