/** Dead letters one by one, newest first; those that are ticked are dealt with together, or all that fit the filters. */
import { Button, Checkbox, Group } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Letter } from '../api/types.ts'
import { useLetters } from '../data/letters.ts'
import { useMay } from '../data/session.ts'
import { StateBadge } from '../drawing/state.tsx'
import { Time } from '../drawing/time.tsx'
import { DataTable } from './data-table.tsx'
import { type LetterAction, LetterDialog } from './letter-dialog.tsx'
import { filterOf, type LetterSearch, statusesOf } from './letter-search.ts'
import { LetterStatus } from './letter-status.tsx'
import { Empty, Failure, Loading } from './messages.tsx'

export function LetterList({ search }: { readonly search: LetterSearch }) {
  const filter = filterOf(search)
  const pages = useLetters(filter, statusesOf(search))
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [action, setAction] = useState<LetterAction | null>(null)
  const may = useMay('operator')
  if (pages.isPending) return <Loading />
  if (pages.isError) return <Failure error={pages.error} />
  const letters = pages.data.pages.flatMap((page) => page.dead_letters)
  if (letters.length === 0 && !pages.hasNextPage) {
    return (
      <div className="panel">
        <Empty title="No letter fits">
          {search.status === undefined && 'Only open ones are looked for; choose another status to find the others.'}
        </Empty>
      </div>
    )
  }
  const open = letters.filter(({ status }) => status === 'open')
  // What was dealt with meanwhile is not ticked any more.
  const ids = open.flatMap(({ id }) => (ticked.has(id) ? [id] : []))
  const isFiltered = Object.keys(filter).length > 0
  const tick = (id: string, isTicked: boolean) =>
    setTicked(isTicked ? new Set([...ticked, id]) : new Set([...ticked].filter((one) => one !== id)))
  const act = (kind: LetterAction['kind']) =>
    setAction({ kind, selection: ids.length > 0 ? { ids } : { filter: filterOf(search) } })
  const canAct = may && open.length > 0
  const what = ids.length > 0 ? `${ids.length} ticked` : 'all that fit'
  return (
    <>
      {canAct && (
        <Group gap="xs" mb="sm" role="group" aria-label="With these letters">
          {ids.length === 0 && !isFiltered ? (
            <span className="quiet small">Tick letters, or filter them, to redrive or discard several at once.</span>
          ) : (
            <>
              <Button size="compact-md" onClick={() => act('redrive')}>
                Redrive {what} …
              </Button>
              <Button size="compact-md" variant="default" onClick={() => act('discard')}>
                Discard {what} …
              </Button>
            </>
          )}
        </Group>
      )}
      <DataTable
        label="Dead letters"
        head={[
          ...(canAct
            ? [
                <Checkbox
                  key="all"
                  aria-label="Tick all that are shown"
                  checked={ids.length === open.length}
                  indeterminate={ids.length > 0 && ids.length < open.length}
                  onChange={(event) => setTicked(new Set(event.currentTarget.checked ? open.map(({ id }) => id) : []))}
                />,
              ]
            : []),
          'Failure',
          'Task',
          'Correlation id',
          'Undone',
          'When',
        ]}
      >
        {letters.map((letter) => (
          <Row
            key={letter.id}
            letter={letter}
            isTicked={ids.includes(letter.id)}
            {...(canAct ? { onTick: (isTicked: boolean) => tick(letter.id, isTicked) } : {})}
          />
        ))}
      </DataTable>
      {pages.hasNextPage && (
        <Button mt="md" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older letters
        </Button>
      )}
      <LetterDialog
        action={action}
        onClose={() => {
          setAction(null)
          setTicked(new Set())
        }}
      />
    </>
  )
}

interface RowProps {
  readonly letter: Letter
  readonly isTicked: boolean
  readonly onTick?: (isTicked: boolean) => void
}

function Row({ letter, isTicked, onTick }: RowProps) {
  const { id, dag_id: dagId, dag_run_id: runId, task_id: taskId, try_number: tryNumber } = letter
  return (
    <tr>
      {onTick !== undefined && (
        <td>
          {letter.status === 'open' && (
            <Checkbox
              aria-label={`Tick letter ${id}`}
              checked={isTicked}
              onChange={(event) => onTick(event.currentTarget.checked)}
            />
          )}
        </td>
      )}
      <td className="break" style={{ minWidth: 220 }}>
        <Link to="/letters/$letterId" params={{ letterId: id }} className="plain letter-message">
          {letter.message}
        </Link>
        <div className="quiet small">
          {letter.kind === 'compensation' ? 'compensation, ' : ''}
          {letter.cause_kind.replaceAll('-', ' ')}
          {letter.status !== 'open' && (
            <>
              {' · '}
              <LetterStatus letter={letter} />
            </>
          )}
        </div>
      </td>
      <td className="break" style={{ minWidth: 150 }}>
        <Link
          to="/dags/$dagId/runs/$runId/tasks/$taskId"
          params={{ dagId, runId, taskId }}
          search={{ try: tryNumber }}
          className="plain"
        >
          {taskId}
        </Link>
        <div className="quiet small">
          {dagId}, {runId}
        </div>
      </td>
      <td className="nowrap">{letter.correlation_id ?? <span className="quiet">–</span>}</td>
      <td>
        {letter.compensation === 'none' ? <span className="quiet">–</span> : <StateBadge state={letter.compensation} />}
      </td>
      <td>
        <Time at={letter.at} relative />
      </td>
    </tr>
  )
}
