/** Pools: how many slots, how many of them taken just now. */
import { Button, Progress } from '@mantine/core'
import { useState } from 'react'
import type { Pool } from '../api/types.ts'
import { useLiveQueries } from '../data/live.ts'
import { useList } from '../data/operations.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { DataTable } from './data-table.tsx'
import { Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { RecordActions } from './record-actions.tsx'
import { RecordDialog, type RecordField, type RecordValues } from './record-form.tsx'

const FIELDS: readonly RecordField[] = [
  { name: 'name', label: 'Name', kind: 'text', required: true, isId: true },
  { name: 'slots', label: 'Slots', kind: 'number', required: true, description: 'Tries at once; -1 for no limit.' },
  { name: 'description', label: 'Description', kind: 'text' },
]

export function PoolsPage() {
  const pools = useList('pools')
  const [editing, setEditing] = useState<{ id: string | null; values: RecordValues } | null>(null)
  const may = useMay('operator')
  useLiveQueries([['pools']], { kinds: ['ti.', 'pool.'], everyMs: 1_000 })
  return (
    <>
      <PageHeading
        title="Pools"
        actions={
          may && (
            <Button
              leftSection={<Icon name="plus" size={16} />}
              onClick={() => setEditing({ id: null, values: { slots: 16 } })}
            >
              New pool
            </Button>
          )
        }
      />
      {pools.isPending ? (
        <Loading />
      ) : pools.isError ? (
        <Failure error={pools.error} />
      ) : (
        <DataTable
          label="Pools"
          head={[
            'Pool',
            'Slots',
            'In use',
            'Description',
            <span key="actions" className="visually-hidden">
              Actions
            </span>,
          ]}
        >
          {pools.data.map((pool) => (
            <tr key={pool.name}>
              <td style={{ fontWeight: 550 }}>{pool.name}</td>
              <td>{pool.slots === -1 ? 'no limit' : pool.slots}</td>
              <td style={{ minWidth: 140 }}>
                <Use pool={pool} />
              </td>
              <td>{pool.description}</td>
              <td>
                <RecordActions
                  list="pools"
                  id={pool.name}
                  canDelete={pool.name !== 'default_pool'}
                  onEdit={() =>
                    setEditing({
                      id: pool.name,
                      values: { name: pool.name, slots: pool.slots, description: pool.description },
                    })
                  }
                />
              </td>
            </tr>
          ))}
        </DataTable>
      )}
      <RecordDialog list="pools" title="pool" fields={FIELDS} editing={editing} onClose={() => setEditing(null)} />
    </>
  )
}

function Use({ pool }: { readonly pool: Pool }) {
  const used = pool.occupied_slots ?? 0
  return (
    <>
      {used}
      {pool.slots > 0 && (
        <Progress value={Math.min(100, (100 * used) / pool.slots)} mt={4} aria-label={`${pool.name}: ${used} in use`} />
      )}
    </>
  )
}
