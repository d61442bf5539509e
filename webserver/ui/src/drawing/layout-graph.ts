/** Places of tasks and groups, from left to right in the order they run, by elk in a worker. One worker for the page. */
import ELK, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk-api.js'
import type { Structure } from '../api/types.ts'

export const NODE_WIDTH = 200
export const NODE_HEIGHT = 54

export interface Placed {
  readonly id: string
  readonly parentId: string | null
  readonly isGroup: boolean
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Layout {
  /** Parents come before what is in them. */
  readonly places: readonly Placed[]
  /** By `source>target`: the corners of the edge, from its start to its end, in the whole picture. */
  readonly routes: ReadonlyMap<string, readonly { readonly x: number; readonly y: number }[]>
}

let elk: InstanceType<typeof ELK> | null = null

function layouter(): InstanceType<typeof ELK> {
  elk ??= new ELK({
    workerFactory: () => new Worker(new URL('./elk-worker.ts', import.meta.url), { type: 'module' }),
  })
  return elk
}

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'org.eclipse.elk.json.edgeCoords': 'ROOT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '56',
  'elk.spacing.nodeNode': '22',
}
const GROUP_OPTIONS = { 'elk.padding': '[top=38,left=18,bottom=18,right=18]' }

export async function layoutGraph({ tasks, edges, groups }: Structure): Promise<Layout> {
  const inside = (parent: string | null): ElkNode[] => [
    ...groups
      .filter((group) => group.parent_id === parent)
      .map((group) => ({
        id: `group:${group.group_id}`,
        layoutOptions: GROUP_OPTIONS,
        children: inside(group.group_id),
      })),
    ...tasks
      .filter((task) => task.group_id === parent)
      .map((task) => ({ id: task.task_id, width: NODE_WIDTH, height: NODE_HEIGHT })),
  ]
  const result = await layouter().layout({
    id: 'root',
    layoutOptions: OPTIONS,
    children: inside(null),
    edges: edges.map(({ source, target }) => ({ id: `${source}>${target}`, sources: [source], targets: [target] })),
  })
  const placed: Placed[] = []
  const walk = (nodes: readonly ElkNode[], parentId: string | null) => {
    for (const { id, x = 0, y = 0, width = 0, height = 0, children } of nodes) {
      const isGroup = id.startsWith('group:')
      placed.push({ id, parentId, isGroup, x, y, width, height })
      if (isGroup) walk(children ?? [], id)
    }
  }
  walk(result.children ?? [], null)
  const laid: readonly ElkExtendedEdge[] = result.edges ?? []
  const routes = laid.flatMap(({ id, sections }) => {
    const section = sections?.[0]
    if (section === undefined) return []
    return [[id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]] as const]
  })
  return { places: placed, routes: new Map(routes) }
}
