/**
 * Makes a failing history smaller: troubles, Dags, tasks, options, programs and faults are dropped one after the other, in
 * large pieces first, as long as something of the same kind still goes wrong. Bounded, and the same for the same script.
 */
import type { SerializedDag, SerializedTask } from '../../core/serialized-dag.ts'
import type { Script, Trouble } from './script.ts'
import { simulate } from './simulate.ts'

/** Histories tried at most. */
const MOST_ATTEMPTS = 600

export interface Shrunk {
  readonly script: Script
  readonly violations: readonly string[]
  readonly attempts: number
}

export async function shrink(script: Script, violations: readonly string[]): Promise<Shrunk> {
  const wanted = kindOf(violations[0] ?? '')
  let best: Shrunk = { script, violations, attempts: 0 }
  let attempts = 0
  const tryIt = async (candidate: Script): Promise<boolean> => {
    if (attempts >= MOST_ATTEMPTS) return false
    attempts++
    const history = await simulate(candidate).catch(() => null)
    if (history === null || !history.violations.some((text) => kindOf(text) === wanted)) return false
    best = { script: candidate, violations: history.violations, attempts }
    return true
  }
  for (let before = ''; before !== JSON.stringify(best.script) && attempts < MOST_ATTEMPTS; ) {
    before = JSON.stringify(best.script)
    await dropTroubles(() => best.script, tryIt)
    for (const candidate of simpler(best.script)) await tryIt(candidate)
    for (const { dagId } of best.script.dags) await tryIt(withoutDag(best.script, dagId))
    await dropTasks(() => best.script, tryIt)
    await dropOptions(() => best.script, tryIt)
  }
  return { ...best, attempts }
}

type Attempt = (candidate: Script) => Promise<boolean>

/** What stays the same of a violation while the numbers in it change. */
function kindOf(violation: string): string {
  return violation
    .replace(/\(at \d+ ms\)/, '')
    .replace(/[{["].*$/, '')
    .replace(/\b\S*\d\S*/g, '#')
    .slice(0, 60)
}

/** Halves first, then quarters, down to single ones. */
async function dropTroubles(script: () => Script, attempt: Attempt): Promise<void> {
  for (let size = Math.ceil(script().troubles.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = script().troubles.length - size; from > -size; from -= size) {
      const { troubles } = script()
      const start = Math.max(0, from)
      const kept = [...troubles.slice(0, start), ...troubles.slice(from + size)]
      if (kept.length < troubles.length) await attempt({ ...script(), troubles: kept })
    }
  }
}

function* simpler(script: Script): Iterable<Script> {
  if (script.faults.before + script.faults.after + script.faults.late > 0) {
    yield { ...script, faults: { before: 0, after: 0, late: 0 } }
    yield { ...script, faults: { ...script.faults, late: 0 } }
    yield { ...script, faults: { ...script.faults, after: 0 } }
    yield { ...script, faults: { ...script.faults, before: 0 } }
  }
  if (script.programs > 1) yield { ...script, programs: 1 }
  if (!script.knowsDeadHosts) yield { ...script, knowsDeadHosts: true }
}

function withoutDag(script: Script, dagId: string): Script {
  const concerns = (trouble: Trouble) =>
    'dagId' in trouble ? trouble.dagId === dagId : trouble.kind === 'edit' && trouble.dag.dagId === dagId
  return {
    ...script,
    dags: script.dags.filter((dag) => dag.dagId !== dagId),
    troubles: script.troubles.filter((trouble) => !concerns(trouble)),
  }
}

async function dropTasks(script: () => Script, attempt: Attempt): Promise<void> {
  for (const { dagId, tasks } of script().dags) {
    for (const { taskId } of tasks.toReversed()) {
      await attempt(onDag(script(), dagId, (dag) => withoutTask(dag, taskId)))
    }
  }
}

function onDag(script: Script, dagId: string, change: (dag: SerializedDag) => SerializedDag): Script {
  return {
    ...script,
    dags: script.dags.map((dag) => (dag.dagId === dagId ? change(dag) : dag)),
    troubles: script.troubles.map((trouble) =>
      trouble.kind === 'edit' && trouble.dag.dagId === dagId ? { ...trouble, dag: change(trouble.dag) } : trouble,
    ),
  }
}

/** A Dag keeps at least one task; what named the dropped one no longer does. */
function withoutTask(dag: SerializedDag, taskId: string): SerializedDag {
  const tasks = dag.tasks.filter((task) => task.taskId !== taskId)
  if (tasks.length === 0) return dag
  return {
    ...dag,
    tasks: tasks.map((task): SerializedTask => {
      if (!task.upstream.includes(taskId) && task.branches === undefined) return task
      const { branches: _, ...rest } = task
      const inputs = Object.entries(task.inputs).filter(([name]) => name !== taskId && name !== 'all')
      return { ...rest, upstream: task.upstream.filter((id) => id !== taskId), inputs: Object.fromEntries(inputs) }
    }),
  }
}

const TASK_OPTIONS = [
  'branches',
  'triggerRule',
  'retryBackoff',
  'maxRetryDelayMs',
  'retryJitter',
  'timeoutMs',
  'pool',
  'poolSlots',
  'maxActiveTisPerDag',
  'maxActiveTisPerDagrun',
  'priorityWeight',
  'weightRule',
  'doXcomPush',
  'startDate',
  'endDate',
  'isolation',
  'compensate',
  'errorStrategy',
  'groupId',
] as const
const DAG_OPTIONS = [
  'dagrunTimeoutMs',
  'params',
  'maxActiveRuns',
  'maxActiveTasks',
  'airflow',
  'isPausedUponCreation',
  'errorStrategy',
  'failFast',
] as const

async function dropOptions(script: () => Script, attempt: Attempt): Promise<void> {
  for (const { dagId } of script().dags) {
    for (const option of DAG_OPTIONS) {
      if (script().dags.some((dag) => dag.dagId === dagId && option in dag)) {
        await attempt(onDag(script(), dagId, (dag) => without(dag, option)))
      }
    }
    for (const option of TASK_OPTIONS) {
      if (script().dags.some((dag) => dag.dagId === dagId && dag.tasks.some((task) => option in task))) {
        const drop = (dag: SerializedDag) => ({ ...dag, tasks: dag.tasks.map((task) => without(task, option)) })
        await attempt(onDag(script(), dagId, drop))
      }
    }
  }
}

function without<T extends object, K extends keyof T>(from: T, key: K): T {
  const copy = { ...from }
  delete copy[key]
  return copy
}
