/** Tabs of a Dag's page, each with an address of its own. */
export const DAG_TABS = ['grid', 'graph', 'runs', 'code', 'details'] as const
export type DagTab = (typeof DAG_TABS)[number]
