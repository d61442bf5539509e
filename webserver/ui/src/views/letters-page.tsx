/** Failures for good that wait for somebody: by fault, or letter by letter, with filters in the address. */
import { Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FilterField, FilterForm } from './filter-form.tsx'
import { LetterGroups } from './letter-groups.tsx'
import { LetterList } from './letter-list.tsx'
import { PageHeading } from './page-heading.tsx'

const STATUS: FilterField = {
  name: 'status',
  label: 'Status',
  placeholder: 'Open',
  kind: [
    { value: 'redriven', label: 'Redriven' },
    { value: 'discarded', label: 'Discarded' },
    { value: 'all', label: 'All' },
  ],
}
const DAG: FilterField = { name: 'dag', label: 'Dag' }
const TIMES: readonly FilterField[] = [
  { name: 'from', label: 'From', kind: 'instant', isRare: true },
  { name: 'to', label: 'To', kind: 'instant', isRare: true },
]
const OF_GROUPS: readonly FilterField[] = [DAG, STATUS, ...TIMES]
const OF_LETTERS: readonly FilterField[] = [
  DAG,
  { name: 'task', label: 'Task' },
  { name: 'order', label: 'Correlation id' },
  { name: 'text', label: 'Message contains' },
  STATUS,
  {
    name: 'kind',
    label: 'What failed',
    isRare: true,
    kind: [
      { value: 'task', label: 'A task' },
      { value: 'compensation', label: 'A compensation' },
    ],
  },
  { name: 'run', label: 'Run (with its Dag)', isRare: true },
  { name: 'print', label: 'Fingerprint', isRare: true },
  ...TIMES,
]

export function LettersPage() {
  const search = useSearch({ from: '/letters' })
  const navigate = useNavigate({ from: '/letters' })
  const isList = search.view === 'letters'
  const view = isList ? { view: 'letters' as const } : {}
  const { dag, status } = search
  const kept = { ...(dag === undefined ? {} : { dag }), ...(status === undefined ? {} : { status }) }
  return (
    <>
      <PageHeading title="Dead letters" />
      <Tabs
        value={isList ? 'letters' : 'faults'}
        onChange={(value) =>
          void navigate({ search: value === 'letters' ? { view: 'letters' as const, ...kept } : kept })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="faults">By fault</Tabs.Tab>
          <Tabs.Tab value="letters">All letters</Tabs.Tab>
        </Tabs.List>
        <FilterForm
          label="Which dead letters"
          fields={isList ? OF_LETTERS : OF_GROUPS}
          values={search}
          onFilter={(values) => void navigate({ search: { ...view, ...values } })}
        />
        <Tabs.Panel value="faults">
          <LetterGroups search={search} />
        </Tabs.Panel>
        <Tabs.Panel value="letters">
          <LetterList search={search} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
