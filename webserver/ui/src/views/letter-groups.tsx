/** Dead letters by fingerprint: probably one fault each, dealt with all at once. */
import { Button, Group } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { LetterGroup } from '../api/types.ts'
import { useLetterGroups } from '../data/letters.ts'
import { useMay } from '../data/session.ts'
import { Time } from '../drawing/time.tsx'
import { DataTable } from './data-table.tsx'
import { type LetterAction, LetterDialog } from './letter-dialog.tsx'
import { filterOf, type LetterSearch, statusesOf } from './letter-search.ts'
import { Empty, Failure, Loading } from './messages.tsx'

const COUNTED = 10_000
const ACTIONS = (
  <span key="actions" className="visually-hidden">
    Actions
  </span>
)

export function LetterGroups({ search }: { readonly search: LetterSearch }) {
  const { dag_id, at_gte, at_lte } = filterOf(search)
  const filter = {
    ...(dag_id === undefined ? {} : { dag_id }),
    ...(at_gte === undefined ? {} : { at_gte }),
    ...(at_lte === undefined ? {} : { at_lte }),
  }
  const pages = useLetterGroups(filter, statusesOf(search))
  const [action, setAction] = useState<LetterAction | null>(null)
  const may = useMay('operator') && search.status === undefined
  if (pages.isPending) return <Loading />
  if (pages.isError) return <Failure error={pages.error} />
  const groups = pages.data.pages.flatMap((page) => page.groups)
  if (groups.length === 0) {
    return (
      <div className="panel">
        <Empty title={search.status === undefined ? 'Nothing waits for you' : 'No letter fits'}>
          A task that fails for good leaves a letter here, until somebody redrives or discards it.
        </Empty>
      </div>
    )
  }
  const act = (kind: LetterAction['kind'], { fingerprint }: LetterGroup) =>
    setAction({ kind, selection: { fingerprint, ...(Object.keys(filter).length === 0 ? {} : { filter }) } })
  return (
    <>
      <DataTable label="Faults" head={['Letters', 'Fault', 'Where', 'First', 'Last', ...(may ? [ACTIONS] : [])]}>
        {groups.map((group) => (
          <tr key={group.fingerprint}>
            <td className="letter-count">
              {group.count.toLocaleString()}
              {group.count >= COUNTED && '+'}
            </td>
            <td className="break" style={{ minWidth: 220 }}>
              <Link
                to="/letters"
                search={{ ...search, view: 'letters', print: group.fingerprint }}
                className="plain letter-message"
              >
                {group.message}
              </Link>
              <div className="quiet small">{group.cause_kind.replaceAll('-', ' ')}</div>
            </td>
            <td className="break">
              {group.tasks.map((one) => (
                <div key={`${one.dag_id} ${one.task_id}`}>
                  {one.dag_id} <span className="quiet">{one.task_id}</span>
                </div>
              ))}
            </td>
            <td>
              <Time at={group.first_at} relative />
            </td>
            <td>
              <Time at={group.last_at} relative />
            </td>
            {may && (
              <td>
                <Group gap={6} wrap="nowrap" justify="flex-end">
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Redrive all: ${group.message}`}
                    onClick={() => act('redrive', group)}
                  >
                    Redrive …
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    color="gray"
                    aria-label={`Discard all: ${group.message}`}
                    onClick={() => act('discard', group)}
                  >
                    Discard …
                  </Button>
                </Group>
              </td>
            )}
          </tr>
        ))}
      </DataTable>
      {pages.hasNextPage && (
        <Button mt="md" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older faults
        </Button>
      )}
      <LetterDialog action={action} onClose={() => setAction(null)} />
    </>
  )
}
