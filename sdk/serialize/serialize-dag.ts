/** One Dag from its declarations to its serialized form, every mistake on the way reported. */
import type {
  BranchSpec,
  CompensateSpec,
  SerializedDag,
  SerializedGroup,
  SerializedTask,
  TriggerSpec,
} from '../../core/serialized-dag.ts'
import type { DagDeclarations, EdgeDeclaration, GroupDeclaration, TaskDeclaration } from '../declarations.ts'
import { checkIds } from './check-ids.ts'
import { checkSagas } from './check-sagas.ts'
import { findCycles } from './find-cycles.ts'
import { readCompensate } from './read-compensate.ts'
import { checkPeriod, type DagSettings, readDagOptions } from './read-dag-options.ts'
import { edgesOfGate, readGate } from './read-gates.ts'
import { type InputReader, inputReader } from './read-inputs.ts'
import { flag, type OptionNames, readOptions, text } from './read-options.ts'
import {
  defaultOptionNames,
  type TaskSettings,
  taskOptionNames,
  taskSettings,
  unwrapBetaOptions,
} from './read-task-options.ts'
import { readTrigger } from './read-trigger.ts'
import { ownLine, type Report, type Sources } from './report.ts'
import { resolveEdges, type TaskGraph } from './resolve-edges.ts'

/** Written out, because this package takes only types from core. */
const FORMAT: SerializedDag['format'] = 1

type Inputs = SerializedTask['inputs']

export function serializeDag(dag: DagDeclarations, sources: Sources, report: Report): SerializedDag {
  for (const mistake of dag.mistakes) report(mistake)
  checkIds(dag, sources, report)
  const settings = readDagOptions(dag, report)
  const placed = placedTasks(dag, report)
  const edges: EdgeDeclaration[] = []
  const connect = (upstream: TaskDeclaration, task: TaskDeclaration, site: EdgeDeclaration['site']) => {
    edges.push({ from: { kind: 'task', task: upstream }, to: { kind: 'task', task }, site })
  }
  const reader = inputReader(dag, settings.paramNames, connect, report)

  const inputs = new Map<TaskDeclaration, Inputs>()
  const triggers = new Map<TaskDeclaration, TriggerSpec>()
  for (const task of placed) {
    inputs.set(task, inputsOf(task, reader))
    if (task.trigger !== undefined) triggers.set(task, readTrigger(task, reader, settings.zone, report))
  }
  edges.push(...chainOfUncalled(placed), ...dag.gates.flatMap(edgesOfGate), ...dag.edges)
  const graph = resolveEdges(
    placed,
    edges.filter((edge) => isWithin(dag, edge, report)),
    report,
  )
  const branches = branchesOf(dag, graph, report)
  reportCycles(placed, graph, report)

  const groupSettings = readGroups(dag, settings, report)
  const ownSettings = new Map(placed.map((task) => [task, readTask(task, settings, groupSettings, report)]))
  checkSagas(dag, placed, (task) => ownSettings.get(task)?.compensate !== undefined, report)
  return {
    format: FORMAT,
    dagId: dag.dagId,
    ...settings.fields,
    file: sources.file,
    ...defined({ line: ownLine(sources, dag.site) }),
    ...(dag.entry === 'airflow' ? { airflow: true } : {}),
    tasks: placed.map((task): SerializedTask => {
      const trigger = triggers.get(task)
      const branch = branches.get(task)
      return {
        taskId: task.taskId,
        kind: trigger === undefined ? 'task' : 'trigger',
        ...defined({ groupId: task.group?.groupId }),
        upstream: [...(graph.upstream.get(task)?.keys() ?? [])].map((upstream) => upstream.taskId).sort(),
        inputs: inputs.get(task) ?? {},
        ...defined({ branches: branch, trigger }),
        ...ownSettings.get(task),
        ...defined({ line: ownLine(sources, task.site) }),
      }
    }),
    groups: dag.groups.map((group) => serializeGroup(group, groupSettings)),
  }
}

/** In order of placement. Reports tasks that are not called exactly once. */
function placedTasks(dag: DagDeclarations, report: Report): TaskDeclaration[] {
  const uncalled = dag.tasks.filter((task) => task.calls.length === 0)
  if (dag.registered) return [...dag.placed, ...uncalled]
  for (const { taskId, site } of uncalled) {
    report({
      code: 'task-not-called',
      message: `The task "${taskId}" is declared but never called, so it is not part of the Dag "${dag.dagId}".`,
      remedy: 'Call what dag.task returned once, with the arguments of the handler; or remove the task.',
      site,
      taskId,
    })
  }
  for (const { taskId, calls } of dag.tasks) {
    if (calls.length < 2) continue
    report({
      code: 'task-called-twice',
      message: `The task "${taskId}" is called ${calls.length} times; a task has one place in its Dag.`,
      remedy: 'Call it once and pass its result on, or declare a second task with another id.',
      site: calls[1]!.site,
      taskId,
    })
  }
  return dag.placed
}

/** Tasks of the beta's registry that nobody called run one after another, in order of declaration. */
function chainOfUncalled(placed: readonly TaskDeclaration[]): EdgeDeclaration[] {
  const uncalled = placed.filter((task) => task.calls.length === 0)
  return uncalled.slice(1).map((task, index) => ({
    from: { kind: 'task', task: uncalled[index]! },
    to: { kind: 'task', task },
    site: task.site,
  }))
}

function inputsOf(task: TaskDeclaration, reader: InputReader): Inputs {
  const [call] = task.calls
  if (call === undefined) return {}
  const inputs = reader.inputs(task, call.inputs, call.site)
  return Object.fromEntries(Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whether both ends belong to this Dag. */
function isWithin(dag: DagDeclarations, { from, to, site }: EdgeDeclaration, report: Report): boolean {
  for (const [end, other] of [
    [from, to],
    [to, from],
  ] as const) {
    const owner = end.kind === 'task' ? end.task.dag : end.group.dag
    if (owner === dag) continue
    const name = end.kind === 'task' ? `the task "${end.task.taskId}"` : `the group "${end.group.groupId}"`
    const own = other.kind === 'task' ? `the task "${other.task.taskId}"` : `the group "${other.group.groupId}"`
    report({
      code: 'unknown-upstream',
      message: `In the Dag "${dag.dagId}", ${own} is connected with ${name} of the Dag "${owner.dagId}".`,
      remedy: 'Connect tasks of one Dag only; start another Dag with triggerDagRun.',
      site,
      ...(other.kind === 'task' ? { taskId: other.task.taskId } : {}),
    })
    return false
  }
  return true
}

function branchesOf(dag: DagDeclarations, graph: TaskGraph, report: Report): Map<TaskDeclaration, BranchSpec[]> {
  const branches = new Map<TaskDeclaration, BranchSpec[]>()
  for (const gate of dag.gates) {
    const spec = readGate(gate, graph, report)
    if (spec !== undefined) branches.set(gate.decider, [...(branches.get(gate.decider) ?? []), spec])
  }
  return branches
}

function reportCycles(placed: readonly TaskDeclaration[], graph: TaskGraph, report: Report): void {
  for (const cycle of findCycles(placed, (task) => graph.upstream.get(task)?.keys() ?? [])) {
    const path = [...cycle, cycle[0]!].map((task) => task.taskId)
    const sites = cycle.map((task, index) => graph.upstream.get(cycle[(index + 1) % cycle.length]!)?.get(task))
    const shown = path.length > 12 ? [...path.slice(0, 6), `... (${path.length - 11} more)`, ...path.slice(-5)] : path
    report({
      code: 'cycle',
      message: `Tasks wait for each other in a circle: ${shown.join(' -> ')}.`,
      remedy: 'Remove one of these edges; each is an argument, a before or after, or a branch.',
      site: lastDrawn(sites) ?? cycle[0]!.site,
      taskId: cycle[0]!.taskId,
    })
  }
}

/** The edge furthest down the file is the one that closed the circle. */
function lastDrawn(sites: readonly EdgeDeclaration['site'][]): EdgeDeclaration['site'] {
  return sites
    .filter((site) => site !== undefined)
    .sort((a, b) => b.line - a.line || b.column - a.column)
    .at(0)
}

interface GroupSettings {
  readonly defaults: TaskSettings
  readonly docMd: string | undefined
}

const GROUP_OPTIONS: OptionNames<{ docMd: string; prefixGroupId: boolean; defaultArgs: unknown }> = {
  table: { docMd: { read: text }, prefixGroupId: { read: flag }, defaultArgs: { read: (value) => ({ value }) } },
  ignored: new Set(),
  notYet: new Set(),
  meaningless: new Set(),
}

/** Groups are declared outside in, so the settings of the group around one are known before its own. */
function readGroups(
  dag: DagDeclarations,
  dagSettings: DagSettings,
  report: Report,
): Map<GroupDeclaration, GroupSettings> {
  const settings = new Map<GroupDeclaration, GroupSettings>()
  for (const group of dag.groups) {
    const { site } = group
    const environment = { zone: dagSettings.zone }
    const owner = `the ${group.saga ? 'saga' : 'group'} "${group.groupId}"`
    const options = readOptions(group.options, GROUP_OPTIONS, { owner, site }, environment, report)
    const defaultsOwner = { owner: `the defaultArgs of ${owner}`, site }
    const own = readOptions(options.defaultArgs, defaultOptionNames(dag.entry), defaultsOwner, environment, report)
    const outer = group.parent === undefined ? dagSettings.taskDefaults : settings.get(group.parent)?.defaults
    settings.set(group, { defaults: { ...outer, ...taskSettings(own) }, docMd: options.docMd })
  }
  return settings
}

function readTask(
  task: TaskDeclaration,
  dagSettings: DagSettings,
  groups: ReadonlyMap<GroupDeclaration, GroupSettings>,
  report: Report,
): TaskSettings & { readonly compensate?: CompensateSpec } {
  const { taskId, site } = task
  const owner = `the task "${taskId}"`
  const names = taskOptionNames(task.dag.entry)
  const options = task.dag.entry === 'airflow' ? unwrapBetaOptions(task.options) : task.options
  const values = readOptions(options, names, { owner, site, taskId }, { zone: dagSettings.zone }, report)
  const inherited = task.group === undefined ? dagSettings.taskDefaults : groups.get(task.group)?.defaults
  const settings = { ...inherited, ...taskSettings(values) }
  checkPeriod(settings.startDate, settings.endDate, { owner, site, taskId }, report)
  if (isWithoutRetries(values.errorStrategy) && (values.retries ?? 0) > 0) {
    report({
      warning: true,
      code: 'unused-retries',
      message: `The task "${taskId}" has ${values.retries} retries, which its errorStrategy "${values.errorStrategy}" does not use.`,
      remedy: `Remove the retries, or use "retry" or "retry-then-compensate".`,
      site,
      taskId,
    })
  }
  const keepsOutput = settings.doXcomPush ?? true
  const compensate = readCompensate(task, values.compensate, dagSettings.zone, keepsOutput, report)
  return compensate === undefined ? settings : { ...settings, compensate }
}

function isWithoutRetries(strategy: SerializedTask['errorStrategy']): boolean {
  return strategy === 'compensate' || strategy === 'dead-letter'
}

function serializeGroup(
  group: GroupDeclaration,
  settings: ReadonlyMap<GroupDeclaration, GroupSettings>,
): SerializedGroup {
  return {
    groupId: group.groupId,
    ...defined({ parentId: group.parent?.groupId, docMd: settings.get(group)?.docMd }),
    ...(group.saga ? { saga: true } : {}),
  }
}

/** Without the fields that are `undefined`. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
