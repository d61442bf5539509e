/** One Dag: its grid, graph, runs, code and details, each a tab with an address of its own. */
import { Badge, Tabs } from '@mantine/core'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useDag } from '../data/dags.ts'
import { CodeTab } from './code-tab.tsx'
import { DAG_TABS } from './dag-tabs.ts'
import { DetailsTab } from './details-tab.tsx'
import { GridTab } from './grid-tab.tsx'
import { Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { PauseSwitch } from './pause-switch.tsx'
import { RunsTab } from './runs-tab.tsx'
import { Trail } from './trail.tsx'
import { TriggerButton } from './trigger-form.tsx'

/** The drawing of graphs and its layout program are large, and not everybody looks at them. */
const GraphTab = lazy(async () => ({ default: (await import('./graph-tab.tsx')).GraphTab }))

export function DagPage() {
  const { dagId } = useParams({ from: '/dags/$dagId' })
  const { tab = 'grid' } = useSearch({ from: '/dags/$dagId' })
  const navigate = useNavigate({ from: '/dags/$dagId' })
  const dag = useDag(dagId)
  if (dag.isPending) return <Loading />
  if (dag.isError) return <Failure error={dag.error} title={`Dag ${dagId}`} />
  const { data } = dag
  return (
    <>
      <PageHeading
        title={data.dag_display_name}
        trail={<Trail />}
        beside={
          <>
            <PauseSwitch dagId={dagId} isPaused={data.is_paused} />
            {data.is_paused && <Badge color="gray">paused</Badge>}
            {data.is_stale && <Badge color="gray">file gone</Badge>}
            <span className="quiet" style={{ fontSize: 14 }}>
              {data.timetable_description ?? 'only when triggered'}
              {data.timetable_description?.includes(`(${data.timezone})`) !== true && ` · ${data.timezone}`}
            </span>
          </>
        }
        actions={<TriggerButton dagId={dagId} />}
      />
      <Tabs
        value={tab}
        onChange={(value) => {
          const next = DAG_TABS.find((name) => name === value)
          void navigate({ search: next === undefined || next === 'grid' ? {} : { tab: next } })
        }}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {DAG_TABS.map((name) => (
            <Tabs.Tab key={name} value={name} tt="capitalize">
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="grid">
          <GridTab dag={data} />
        </Tabs.Panel>
        <Tabs.Panel value="graph">
          <Suspense fallback={<Loading />}>
            <GraphTab dagId={dagId} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="runs">
          <RunsTab dag={data} />
        </Tabs.Panel>
        <Tabs.Panel value="code">
          <CodeTab dagId={dagId} />
        </Tabs.Panel>
        <Tabs.Panel value="details">
          <DetailsTab dag={data} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
