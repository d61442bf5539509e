/**
 * Addresses of the page, and which program draws each: it is loaded when it is first looked at. Every view, tab, filter and
 * selected try is in the address, so that it can be sent to somebody.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { AppFrame } from './views/app-frame.tsx'
import { DAG_TABS, type DagTab } from './views/dag-tabs.ts'
import { type EventSearch, readEventSearch } from './views/event-search.ts'
import { type LetterSearch, readLetterSearch } from './views/letter-search.ts'
import { Loading, NotFound } from './views/messages.tsx'

const rootRoute = createRootRoute({ component: AppFrame, notFoundComponent: NotFound })

/** An address typed by hand may have `order=12345`, which is read as a number. */
const text = (value: unknown) => (value === '' || !/^(string|number)$/.test(typeof value) ? undefined : String(value))
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
  component: lazyRouteComponent(() => import('./views/dag-list-page.tsx'), 'DagListPage'),
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
  component: lazyRouteComponent(() => import('./views/dag-page.tsx'), 'DagPage'),
  validateSearch: (search): { tab?: DagTab; state?: string; order?: string } => {
    const tab = DAG_TABS.find((name) => name === search.tab)
    const [state, order] = [text(search.state), text(search.order)]
    return {
      ...(tab === undefined ? {} : { tab }),
      ...(state === undefined ? {} : { state }),
      ...(order === undefined ? {} : { order }),
    }
  },
})

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dags/$dagId/runs/$runId',
  component: lazyRouteComponent(() => import('./views/run-page.tsx'), 'RunPage'),
})

const tiRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dags/$dagId/runs/$runId/tasks/$taskId',
  component: lazyRouteComponent(() => import('./views/task-instance-page.tsx'), 'TaskInstancePage'),
  validateSearch: (search): { try?: number } => {
    const number = count(search.try)
    return number === undefined ? {} : { try: number }
  },
})

const plain = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/import-errors',
    component: lazyRouteComponent(() => import('./views/import-errors-page.tsx'), 'ImportErrorsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/pools',
    component: lazyRouteComponent(() => import('./views/pools-page.tsx'), 'PoolsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/variables',
    component: lazyRouteComponent(() => import('./views/variables-page.tsx'), 'VariablesPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/connections',
    component: lazyRouteComponent(() => import('./views/connections-page.tsx'), 'ConnectionsPage'),
  }),
] as const

const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/events',
  component: lazyRouteComponent(() => import('./views/event-log-page.tsx'), 'EventLogPage'),
  validateSearch: (search): EventSearch => readEventSearch(text)(search),
})

const lettersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/letters',
  component: lazyRouteComponent(() => import('./views/letters-page.tsx'), 'LettersPage'),
  validateSearch: (search): LetterSearch => readLetterSearch(text)(search),
})

const letterRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/letters/$letterId',
  component: lazyRouteComponent(() => import('./views/letter-page.tsx'), 'LetterPage'),
})

const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/search',
  component: lazyRouteComponent(() => import('./views/search-page.tsx'), 'SearchPage'),
  validateSearch: (search): { q?: string } => (text(search.q) === undefined ? {} : { q: text(search.q)! }),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    dagsRoute,
    dagRoute,
    runRoute,
    tiRoute,
    lettersRoute,
    letterRoute,
    eventsRoute,
    searchRoute,
    ...plain,
  ]),
  scrollRestoration: true,
  // A page's program is on its way as soon as somebody points at a link to it.
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultPendingComponent: Loading,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
