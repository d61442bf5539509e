/** Variables: named values that tasks ask for. Secret ones are stored encrypted and never shown again. */
import { Badge, Button } from '@mantine/core'
import { useState } from 'react'
import { useList } from '../data/operations.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { DataTable } from './data-table.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { RecordActions } from './record-actions.tsx'
import { RecordDialog, type RecordField, type RecordValues } from './record-form.tsx'

const FIELDS: readonly RecordField[] = [
  { name: 'key', label: 'Key', kind: 'text', required: true, isId: true },
  { name: 'value', label: 'Value', kind: 'long-text', required: true },
  { name: 'description', label: 'Description', kind: 'text' },
  {
    name: 'is_secret',
    label: 'Secret',
    kind: 'yes-no',
    description: 'Never shown again, hidden in logs. To change a secret, type its value anew.',
  },
]

export function VariablesPage() {
  const variables = useList('variables')
  const [editing, setEditing] = useState<{ id: string | null; values: RecordValues } | null>(null)
  const may = useMay('operator')
  return (
    <>
      <PageHeading
        title="Variables"
        actions={
          may && (
            <Button
              leftSection={<Icon name="plus" size={16} />}
              onClick={() => setEditing({ id: null, values: { is_secret: false } })}
            >
              New variable
            </Button>
          )
        }
      />
      {variables.isPending ? (
        <Loading />
      ) : variables.isError ? (
        <Failure error={variables.error} />
      ) : variables.data.length === 0 ? (
        <div className="panel">
          <Empty title="No variables yet">
            A task reads one with <span className="mono">getClient().getVariable('key')</span>.
          </Empty>
        </div>
      ) : (
        <DataTable
          label="Variables"
          head={[
            'Key',
            'Value',
            'Description',
            <span key="actions" className="visually-hidden">
              Actions
            </span>,
          ]}
        >
          {variables.data.map((variable) => (
            <tr key={variable.key}>
              <td className="mono break">{variable.key}</td>
              <td className="break">
                {variable.is_encrypted ? (
                  <Badge color="gray" variant="light" tt="none">
                    secret
                  </Badge>
                ) : (
                  <span className="mono">{variable.value}</span>
                )}
              </td>
              <td>{variable.description}</td>
              <td>
                <RecordActions
                  list="variables"
                  id={variable.key}
                  onEdit={() =>
                    setEditing({
                      id: variable.key,
                      values: {
                        key: variable.key,
                        value: variable.is_encrypted ? '' : variable.value,
                        description: variable.description,
                        is_secret: variable.is_encrypted,
                      },
                    })
                  }
                />
              </td>
            </tr>
          ))}
        </DataTable>
      )}
      <RecordDialog
        list="variables"
        title="variable"
        fields={FIELDS}
        editing={editing}
        onClose={() => setEditing(null)}
      />
    </>
  )
}
