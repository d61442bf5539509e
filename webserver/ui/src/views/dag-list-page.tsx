/** All Dags: how they stand, when they run next, how their last runs went. */
import { Badge, Button, MultiSelect, Pagination, Switch, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Dag } from '../api/types.ts'
import { DAGS_PER_PAGE, useDags, useDagTags } from '../data/dags.ts'
import { Icon } from '../drawing/icons.tsx'
import { RunBars } from '../drawing/run-bars.tsx'
import { Time } from '../drawing/time.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { PauseSwitch } from './pause-switch.tsx'
import { TriggerButton } from './trigger-form.tsx'

export function DagListPage() {
  const search = useSearch({ from: '/dags' })
  const navigate = useNavigate({ from: '/dags' })
  const [typed, setTyped] = useState(search.q ?? '')
  const [wanted] = useDebouncedValue(typed, 200)
  useEffect(() => {
    void navigate({
      search: ({ q: _old, offset: _start, ...rest }) => (wanted === '' ? rest : { ...rest, q: wanted }),
      replace: true,
    })
  }, [wanted, navigate])
  const tags = search.tags?.split(',') ?? []
  const offset = search.offset ?? 0
  const dags = useDags({ search: search.q ?? '', tags, onlyFailing: search.failing === true, offset })
  const known = useDagTags()
  const isFiltered = search.q !== undefined || tags.length > 0 || search.failing === true
  return (
    <>
      <PageHeading
        title="Dags"
        beside={dags.data && <span className="quiet">{dags.data.total_entries.toLocaleString()}</span>}
      />
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center', marginBottom: 14 }}>
        <TextInput
          aria-label="Search Dags"
          placeholder="Search Dags"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          leftSection={<Icon name="search" size={16} />}
          type="search"
          style={{ flex: '1 1 220px', maxWidth: 360 }}
        />
        <MultiSelect
          aria-label="Tags"
          placeholder={tags.length === 0 ? 'All tags' : ''}
          data={known.data ?? []}
          value={tags}
          onChange={(chosen) =>
            void navigate({
              search: ({ tags: _old, offset: _start, ...rest }) =>
                chosen.length === 0 ? rest : { ...rest, tags: chosen.join(',') },
            })
          }
          clearable
          clearButtonProps={{ 'aria-label': 'All tags' }}
          style={{ flex: '0 1 220px', minWidth: 150 }}
        />
        <Switch
          label="Only failing"
          checked={search.failing === true}
          onChange={(event) => {
            const failing = event.currentTarget.checked
            void navigate({
              search: ({ failing: _old, offset: _start, ...rest }) => (failing ? { ...rest, failing: true } : rest),
            })
          }}
        />
      </div>
      {dags.isPending ? (
        <Loading />
      ) : dags.isError ? (
        <Failure error={dags.error} />
      ) : dags.data.dags.length === 0 ? (
        <div className="panel">{isFiltered ? <NoMatch onReset={() => setTyped('')} /> : <FirstDag />}</div>
      ) : (
        <section className="panel" aria-label="Dags">
          <div className="dag-row dag-head" aria-hidden="true">
            <span>Active</span>
            <span>Dag</span>
            <span>Schedule</span>
            <span>Next run</span>
            <span>Recent runs</span>
            <span />
          </div>
          {dags.data.dags.map((dag) => (
            <DagRow key={dag.dag_id} dag={dag} />
          ))}
        </section>
      )}
      {dags.data !== undefined && dags.data.total_entries > DAGS_PER_PAGE && (
        <Pagination
          mt="md"
          total={Math.ceil(dags.data.total_entries / DAGS_PER_PAGE)}
          value={Math.floor(offset / DAGS_PER_PAGE) + 1}
          onChange={(page) => void navigate({ search: (old) => ({ ...old, offset: (page - 1) * DAGS_PER_PAGE }) })}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(page) => ({ 'aria-label': `Page ${page}` })}
        />
      )}
    </>
  )
}

function DagRow({ dag }: { readonly dag: Dag }) {
  return (
    <article className="dag-row" aria-label={dag.dag_id}>
      <PauseSwitch dagId={dag.dag_id} isPaused={dag.is_paused} />
      <div className="dag-name">
        <Link to="/dags/$dagId" params={{ dagId: dag.dag_id }} className="plain">
          {dag.dag_display_name}
        </Link>
        {dag.is_stale && (
          <Badge ml={8} size="sm" color="gray" variant="light">
            file gone
          </Badge>
        )}
        {dag.description !== null && (
          <div className="quiet" style={{ fontSize: 13 }}>
            {dag.description}
          </div>
        )}
        <div style={{ display: 'flex', flexWrap: 'wrap', gap: 4, marginTop: dag.tags.length > 0 ? 4 : 0 }}>
          {dag.tags.map((tag) => (
            <Badge key={tag.name} size="sm" variant="default" tt="none" fw={500}>
              {tag.name}
            </Badge>
          ))}
        </div>
      </div>
      <div className="dag-schedule" style={{ fontSize: 13.5 }}>
        {dag.timetable_description ?? dag.timetable_summary ?? 'only when triggered'}
        {dag.timetable_description?.includes(`(${dag.timezone})`) !== true && (
          <div className="quiet" style={{ fontSize: 12.5 }}>
            {dag.timezone}
          </div>
        )}
      </div>
      <div className="dag-next" style={{ fontSize: 13.5 }}>
        {dag.is_paused ? (
          <span className="quiet">paused</span>
        ) : dag.next_dagrun_run_after === null ? (
          <span className="quiet">no next run</span>
        ) : (
          <Time at={dag.next_dagrun_run_after} zone={dag.timezone} relative />
        )}
      </div>
      <div className="dag-runs">
        <RunBars dagId={dag.dag_id} runs={dag.recent_runs ?? []} />
      </div>
      <div className="dag-action">
        <TriggerButton dagId={dag.dag_id} compact />
      </div>
    </article>
  )
}

function NoMatch({ onReset }: { readonly onReset: () => void }) {
  const navigate = useNavigate({ from: '/dags' })
  return (
    <Empty title="No Dag fits these filters">
      <Button
        variant="default"
        mt="sm"
        onClick={() => {
          onReset()
          void navigate({ search: {} })
        }}
      >
        Show all Dags
      </Button>
    </Empty>
  )
}

const FIRST_DAG = `import { Dag } from 'tradewind'

const dag = new Dag('hello', { schedule: '* * * * *' })

dag.task('greet', () => 'hello')()`

function FirstDag() {
  return (
    <Empty title="Drop a file into ./dags">
      <p>It is live within a second. For example, save this as dags/hello.ts:</p>
      <pre className="json">{FIRST_DAG}</pre>
      <p>
        Nothing appears? Look at the{' '}
        <Link to="/import-errors" className="plain">
          import errors
        </Link>
        .
      </p>
    </Empty>
  )
}
