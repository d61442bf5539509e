/** Addresses of the page. Every view, tab, filter and selected try is in the address, so that it can be sent to somebody. */
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { AppFrame } from './views/app-frame.tsx'
import { ConnectionsPage } from './views/connections-page.tsx'
import { DagListPage } from './views/dag-list-page.tsx'
import { DAG_TABS, DagPage, type DagTab } from './views/dag-page.tsx'
import { EventLogPage } from './views/event-log-page.tsx'
import { ImportErrorsPage } from './views/import-errors-page.tsx'
import { NotFound } from './views/messages.tsx'
import { PoolsPage } from './views/pools-page.tsx'
import { RunPage } from './views/run-page.tsx'
import { TaskInstancePage } from './views/task-instance-page.tsx'
import { VariablesPage } from './views/variables-page.tsx'

const rootRoute = createRootRoute({ component: AppFrame, notFoundComponent: NotFound })

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const count = (value: unknown) => (Number.isInteger(value) && Number(value) > 0 ? Number(value) : undefined)

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/dags' })
  },
})

const dagsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dags',
  component: DagListPage,
  validateSearch: (search): { q?: string; tags?: string; failing?: boolean; offset?: number } => ({
    ...(text(search.q) === undefined ? {} : { q: text(search.q)! }),
    ...(text(search.tags) === undefined ? {} : { tags: text(search.tags)! }),
    ...(search.failing === true ? { failing: true } : {}),
    ...(count(search.offset) === undefined ? {} : { offset: count(search.offset)! }),
  }),
})

const dagRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dags/$dagId',
  component: DagPage,
  validateSearch: (search): { tab?: DagTab } => {
    const tab = DAG_TABS.find((name) => name === search.tab)
    return tab === undefined ? {} : { tab }
  },
})

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dags/$dagId/runs/$runId',
  component: RunPage,
})

const tiRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dags/$dagId/runs/$runId/tasks/$taskId',
  component: TaskInstancePage,
  validateSearch: (search): { try?: number } => {
    const number = count(search.try)
    return number === undefined ? {} : { try: number }
  },
})

const plain = [
  createRoute({ getParentRoute: () => rootRoute, path: '/import-errors', component: ImportErrorsPage }),
  createRoute({ getParentRoute: () => rootRoute, path: '/pools', component: PoolsPage }),
  createRoute({ getParentRoute: () => rootRoute, path: '/variables', component: VariablesPage }),
  createRoute({ getParentRoute: () => rootRoute, path: '/connections', component: ConnectionsPage }),
] as const

const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/events',
  component: EventLogPage,
  validateSearch: (search): { dag?: string; run?: string; event?: string } => ({
    ...(text(search.dag) === undefined ? {} : { dag: text(search.dag)! }),
    ...(text(search.run) === undefined ? {} : { run: text(search.run)! }),
    ...(text(search.event) === undefined ? {} : { event: text(search.event)! }),
  }),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, dagsRoute, dagRoute, runRoute, tiRoute, eventsRoute, ...plain]),
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
