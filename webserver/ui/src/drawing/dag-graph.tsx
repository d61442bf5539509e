/** Tasks and their order as a graph; tasks carry the state they have in the run that is shown. */
import '@xyflow/react/dist/style.css'
import { useMantineColorScheme } from '@mantine/core'
import { Background, Controls, type Edge, Handle, MarkerType, type Node, Position, ReactFlow } from '@xyflow/react'
import type { Structure } from '../api/types.ts'
import type { Placed } from './layout-graph.ts'
import { StateBadge, stateStyle } from './state.tsx'

interface TaskData extends Record<string, unknown> {
  readonly label: string
  /** Without a run: `undefined`. */
  readonly state: string | null | undefined
  readonly rule: string
}

const NODE_TYPES = { task: TaskNode, box: GroupNode }

interface Props {
  readonly structure: Structure
  readonly places: readonly Placed[]
  readonly states: ReadonlyMap<string, string | null> | null
  readonly onOpen: (taskId: string) => void
}

export function DagGraph({ structure, places, states, onOpen }: Props) {
  const { colorScheme } = useMantineColorScheme()
  const rules = new Map(structure.tasks.map((task) => [task.task_id, task.trigger_rule]))
  const nodes: Node[] = places.map((place) => ({
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
      ? `Group ${place.id.slice('group:'.length)}`
      : `${place.id}${states === null ? '' : `, ${states.get(place.id) ?? 'no status'}`}`,
    data: place.isGroup
      ? { label: place.id.slice('group:'.length) }
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
    ...(label === null ? {} : { label }),
  }))
  return (
    <div className="graph-frame">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
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

function GroupNode({ data }: { readonly data: { readonly label: string } }) {
  return <div className="graph-group">{data.label}</div>
}
