/** Connections: access data by name. All of it is stored encrypted; the password is never sent back. */
import { Alert, Button } from '@mantine/core'
import { useState } from 'react'
import { useList, useTestConnection } from '../data/operations.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { DataTable } from './data-table.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { RecordActions } from './record-actions.tsx'
import { bodyOf, RecordDialog, type RecordField, type RecordValues } from './record-form.tsx'

const FIELDS: readonly RecordField[] = [
  { name: 'connection_id', label: 'Connection id', kind: 'text', required: true, isId: true },
  { name: 'conn_type', label: 'Type', kind: 'text', required: true, description: 'postgres, http, or any other word.' },
  { name: 'host', label: 'Host', kind: 'text' },
  { name: 'port', label: 'Port', kind: 'number' },
  { name: 'schema', label: 'Schema', kind: 'text', description: 'For a database: its name.' },
  { name: 'login', label: 'Login', kind: 'text' },
  { name: 'password', label: 'Password', kind: 'secret', description: 'Left empty, it stays as it was.' },
  { name: 'extra', label: 'Extra', kind: 'secret', description: 'A JSON object. Left empty, it stays as it was.' },
  { name: 'description', label: 'Description', kind: 'text' },
]

export function ConnectionsPage() {
  const connections = useList('connections')
  const [editing, setEditing] = useState<{ id: string | null; values: RecordValues } | null>(null)
  const may = useMay('operator')
  return (
    <>
      <PageHeading
        title="Connections"
        actions={
          may && (
            <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setEditing({ id: null, values: {} })}>
              New connection
            </Button>
          )
        }
      />
      {connections.isPending ? (
        <Loading />
      ) : connections.isError ? (
        <Failure error={connections.error} />
      ) : connections.data.length === 0 ? (
        <div className="panel">
          <Empty title="No connections yet">
            A task asks for one with <span className="mono">getClient().getConnection('id')</span>.
          </Empty>
        </div>
      ) : (
        <DataTable
          label="Connections"
          head={[
            'Connection',
            'Type',
            'Host',
            'Login',
            'Description',
            <span key="actions" className="visually-hidden">
              Actions
            </span>,
          ]}
        >
          {connections.data.map((one) => (
            <tr key={one.connection_id}>
              <td className="mono break">{one.connection_id}</td>
              <td>{one.conn_type}</td>
              <td className="break">
                {one.host}
                {one.port === null ? '' : `:${one.port}`}
                {one.schema === null ? '' : `/${one.schema}`}
              </td>
              <td>{one.login}</td>
              <td>{one.description}</td>
              <td>
                <RecordActions
                  list="connections"
                  id={one.connection_id}
                  onEdit={() =>
                    setEditing({
                      id: one.connection_id,
                      values: {
                        connection_id: one.connection_id,
                        conn_type: one.conn_type,
                        host: one.host,
                        port: one.port,
                        schema: one.schema,
                        login: one.login,
                        description: one.description,
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
        list="connections"
        title="connection"
        fields={FIELDS}
        editing={editing}
        onClose={() => setEditing(null)}
        extra={(values) => <Test values={values} id={editing?.id ?? null} />}
      />
    </>
  )
}

function Test({ values, id }: { readonly values: RecordValues; readonly id: string | null }) {
  const test = useTestConnection()
  return (
    <>
      <Button
        variant="light"
        loading={test.isPending}
        onClick={() => test.mutate(bodyOf(FIELDS, values, id))}
        style={{ alignSelf: 'flex-start' }}
      >
        Test
      </Button>
      {test.isError && <Failure error={test.error} title="Not tested" />}
      {test.data !== undefined && (
        <Alert
          color={test.data.status ? 'green' : 'red'}
          variant="light"
          title={test.data.status ? 'It answers' : 'It does not answer'}
          role="status"
        >
          <span className="break">{test.data.message}</span>
        </Alert>
      )}
    </>
  )
}
