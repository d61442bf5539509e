/** Tasks and their order as a graph; tasks carry the state they have in the run that is shown. */
import '@xyflow/react/dist/style.css'
import { useMantineColorScheme } from '@mantine/core'
import {
  Background,
  BaseEdge,
  Controls,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  Handle,
  MarkerType,
  type Node,
  Position,
  ReactFlow,
} from '@xyflow/react'
import type { Structure } from '../api/types.ts'
import type { Layout } from './layout-graph.ts'
import { StateBadge, stateStyle } from './state.tsx'

interface TaskData extends Record<string, unknown> {
  readonly label: string
  /** Without a run: `undefined`. */
  readonly state: string | null | undefined
  readonly rule: string
}

const NODE_TYPES = { task: TaskNode, box: GroupNode }
const EDGE_TYPES = { routed: RoutedEdge }

interface Props {
  readonly structure: Structure
  readonly layout: Layout
  readonly states: ReadonlyMap<string, string | null> | null
  readonly onOpen: (taskId: string) => void
}

export function DagGraph({ structure, layout, states, onOpen }: Props) {
  const { colorScheme } = useMantineColorScheme()
  const sagas = new Set(structure.groups.flatMap((group) => (group.is_saga ? [`group:${group.group_id}`] : [])))
  const rules = new Map(structure.tasks.map((task) => [task.task_id, task.trigger_rule]))
  const nodes: Node[] = layout.places.map((place) => ({
    id: place.id,
    position: { x: place.x, y: place.y },
    ...(place.parentId === null ? {} : { parentId: place.parentId }),
    type: place.isGroup ? 'box' : 'task',
    width: place.width,
    height: place.height,
    selectable: false,
    draggable: false,
    focusable: !place.isGroup,
    ariaLabel: place.isGroup
      ? `${sagas.has(place.id) ? 'Saga' : 'Group'} ${place.id.slice('group:'.length)}`
      : `${place.id}${states === null ? '' : `, ${states.get(place.id) ?? 'no status'}`}`,
    data: place.isGroup
      ? { label: `${place.id.slice('group:'.length)}${sagas.has(place.id) ? ' · saga' : ''}` }
      : ({
          label: place.id,
          state: states === null ? undefined : (states.get(place.id) ?? null),
          rule: rules.get(place.id) ?? '',
        } satisfies TaskData),
  }))
  const edges: Edge[] = structure.edges.map(({ source, target, label }) => ({
    id: `${source}>${target}`,
    source,
    target,
    focusable: false,
    markerEnd: { type: MarkerType.ArrowClosed, color: 'var(--quiet)' },
    style: { stroke: 'var(--quiet)' },
    type: 'routed',
    data: { points: layout.routes.get(`${source}>${target}`) ?? [], label },
  }))
  return (
    <div className="graph-frame">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={colorScheme === 'auto' ? 'system' : colorScheme}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.1 }}
        minZoom={0.1}
        nodesConnectable={false}
        nodesDraggable={false}
        elementsSelectable={false}
        onNodeClick={(_event, node) => {
          if (node.type === 'task') onOpen(node.id)
        }}
        onKeyDown={(event) => {
          const id = event.target instanceof HTMLElement ? event.target.dataset.id : undefined
          if (event.key === 'Enter' && id !== undefined && !id.startsWith('group:')) onOpen(id)
        }}
        aria-label="Tasks and their order"
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

function TaskNode({ data }: { readonly data: TaskData }) {
  return (
    <div className="graph-node" style={data.state === undefined ? {} : stateStyle(data.state)}>
      <Handle type="target" position={Position.Left} style={{ opacity: 0 }} />
      <b title={data.label}>{data.label}</b>
      {data.state === undefined ? <span className="quiet">{data.rule}</span> : <StateBadge state={data.state} />}
      <Handle type="source" position={Position.Right} style={{ opacity: 0 }} />
    </div>
  )
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Along the route the layout found, around other tasks, with rounded corners. */
function RoutedEdge({ id, data, style, markerEnd, sourceX, sourceY, targetX, targetY }: EdgeProps) {
  const { points, label } = data as { readonly points: readonly Point[]; readonly label: string | null }
  const route =
    points.length >= 2
      ? points
      : [
          { x: sourceX, y: sourceY },
          { x: targetX, y: targetY },
        ]
  const end = route.at(-1)!
  const before = route.at(-2)!
  return (
    <>
      <BaseEdge
        id={id}
        path={roundedPath(route)}
        {...(style === undefined ? {} : { style })}
        {...(markerEnd === undefined ? {} : { markerEnd })}
      />
      {label !== null && (
        <EdgeLabelRenderer>
          <span
            className="graph-edge-label"
            style={{ transform: `translate(-50%, -50%) translate(${(before.x + end.x) / 2}px, ${end.y}px)` }}
          >
            {label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

const CORNER = 8

function roundedPath(points: readonly Point[]): string {
  const [first] = points
  if (first === undefined) return ''
  const parts = [`M ${first.x} ${first.y}`]
  for (let i = 1; i < points.length; i++) {
    const [from, at, to] = [points[i - 1]!, points[i]!, points[i + 1]]
    if (to === undefined) {
      parts.push(`L ${at.x} ${at.y}`)
      continue
    }
    const into = towards(at, from)
    const out = towards(at, to)
    parts.push(`L ${into.x} ${into.y}`, `Q ${at.x} ${at.y} ${out.x} ${out.y}`)
  }
  return parts.join(' ')
}

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

function GroupNode({ data }: { readonly data: { readonly label: string } }) {
  return <div className="graph-group">{data.label}</div>
}
