/**
 * The graph of a Dag as an SVG picture for the docs, from what the parser made of its file. One file serves light and dark: it
 * asks the reader's browser. The same Dag gives the same text, so a test can compare.
 */
import elk, { type ElkNode } from 'elkjs/lib/elk.bundled.js'
import type { SerializedDag, SerializedTask } from '../../core/serialized-dag.ts'

const CHARACTER = 7.3
const NODE_HEIGHT = 34
const MARGIN = 8

const STYLE = `
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328; text-anchor: middle }
  .task { fill: #eef4fb; stroke: #4a7fb5 }
  .decides { fill: #fdf3e1; stroke: #b5822a }
  .undone { fill: #edf7ee; stroke: #3f8f4f }
  .group { fill: none; stroke: #8b949e; stroke-dasharray: 4 3 }
  .name, .side { font-size: 11px; fill: #59636e }
  .name { text-anchor: start }
  path { fill: none; stroke: #7d8590; stroke-width: 1.2 }
  .back { stroke: #3f8f4f; stroke-dasharray: 3 3 }
  .arrow { fill: #7d8590; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .task { fill: #16263a; stroke: #5a93cf }
    .decides { fill: #33270f; stroke: #d09b3c }
    .undone { fill: #12291a; stroke: #57ab66 }
    .name, .side { fill: #9198a1 }
    .group { stroke: #656c76 }
  }`

export async function drawGraph(dag: SerializedDag): Promise<string> {
  const laidOut = await new elk.default().layout(toElk(dag))
  const width = Math.ceil((laidOut.width ?? 0) + 2 * MARGIN)
  const height = Math.ceil((laidOut.height ?? 0) + 2 * MARGIN)
  const tasks = new Map(dag.tasks.map((task) => [task.taskId, task]))
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" role="img">`,
    `<title>${xml(`Graph of the Dag ${dag.dagId}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...drawNodes(laidOut, tasks, 0, 0),
    ...drawEdges(laidOut, tasks),
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

function toElk(dag: SerializedDag): ElkNode {
  const children = (groupId: string | undefined): ElkNode[] => [
    ...dag.tasks.filter((task) => task.groupId === groupId).map((task) => taskNode(task)),
    ...dag.groups
      .filter((group) => group.parentId === groupId)
      .map((group) => ({
        id: `group ${group.groupId}`,
        children: children(group.groupId),
        labels: [{ text: group.saga === true ? `saga ${group.groupId}` : group.groupId }],
        layoutOptions: { 'elk.padding': '[top=26,left=12,bottom=12,right=12]' },
      })),
  ]
  return {
    id: 'graph',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.json.edgeCoords': 'ROOT',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
      'elk.layered.mergeEdges': 'true',
      'elk.spacing.nodeNode': '16',
      'elk.layered.spacing.nodeNodeBetweenLayers': '44',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.padding': '[top=0,left=0,bottom=0,right=0]',
    },
    children: children(undefined),
    edges: dag.tasks.flatMap((task) =>
      task.upstream.map((from) => ({ id: `${from} -> ${task.taskId}`, sources: [from], targets: [task.taskId] })),
    ),
  }
}

function taskNode(task: SerializedTask): ElkNode {
  return { id: task.taskId, width: Math.round(label(task).length * CHARACTER + 24), height: NODE_HEIGHT }
}

/** Within its group the prefix says nothing. */
function label({ taskId, groupId, compensate }: SerializedTask): string {
  const name = groupId !== undefined && taskId.startsWith(`${groupId}.`) ? taskId.slice(groupId.length + 1) : taskId
  return compensate === undefined ? name : `${name} ↶`
}

function drawNodes(parent: ElkNode, tasks: ReadonlyMap<string, SerializedTask>, left: number, top: number): string[] {
  return (parent.children ?? []).flatMap((node) => {
    const [x, y] = [left + (node.x ?? 0), top + (node.y ?? 0)]
    const box = `x="${short(x)}" y="${short(y)}" width="${short(node.width)}" height="${short(node.height)}" rx="6"`
    const task = tasks.get(node.id)
    if (task !== undefined) {
      const kind = task.branches !== undefined ? 'decides' : task.compensate !== undefined ? 'undone' : 'task'
      const at = `x="${short(x + (node.width ?? 0) / 2)}" y="${short(y + NODE_HEIGHT / 2 + 4)}"`
      return [`<rect class="${kind}" ${box}/>`, `<text ${at}>${xml(label(task))}</text>`]
    }
    const name = node.labels?.[0]?.text ?? ''
    return [
      `<rect class="group" ${box}/>`,
      `<text class="name" x="${short(x + 10)}" y="${short(y + 17)}">${xml(name)}</text>`,
      ...drawNodes(node, tasks, x, y),
    ]
  })
}

function drawEdges(graph: ElkNode, tasks: ReadonlyMap<string, SerializedTask>): string[] {
  return (graph.edges ?? []).flatMap((edge) => {
    const [section] = edge.sections ?? []
    if (section === undefined) throw new Error(`the edge ${edge.id} has no place`)
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]
    const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${short(x)} ${short(y)}`).join(' ')
    const { x, y } = section.endPoint
    const arrow = `M${short(x)} ${short(y)} l-7 -4 v8 z`
    const drawn = [`<path d="${path}"/>`, `<path class="arrow" d="${arrow}"/>`]
    const side = sideOf(tasks.get(edge.sources[0] ?? ''), edge.targets[0] ?? '')
    return side === null
      ? drawn
      : [...drawn, `<text class="side" x="${short(x - 22)}" y="${short(y - 6)}">${side}</text>`]
  })
}

/** What has to be decided for the edge to be followed. */
function sideOf(from: SerializedTask | undefined, to: string): string | null {
  for (const branch of from?.branches ?? []) {
    if (branch.kind !== 'if') continue
    if (branch.then.includes(to)) return 'yes'
    if (branch.else.includes(to)) return 'no'
  }
  return null
}

function short(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 10) / 10)
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
