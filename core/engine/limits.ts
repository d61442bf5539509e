/**
 * The limits a try must pass, in the order they are asked (airflow-behaviour 2.12, without its flaw of cutting the list
 * before the limits are applied). Limits count executions, not TI states, so a slot is held until its process is gone.
 */
import type { TiRecord } from '../records.ts'
import type { Capacities } from './look-ahead.ts'
import type { DagMemory, RunMemory } from './memory.ts'

export interface Demand {
  /** Names the limit, and the list of those who wait for it. */
  readonly key: string
  readonly units: number
  /** `Infinity`: unlimited. */
  readonly capacity: number
  /** A refused head lets no later TI pass: otherwise small tasks would starve a big one for ever. */
  readonly strict: boolean
}

export const SLOTS = 'slots'
export const DRAINING = 'draining'
export const pausedKey = (dagId: string) => `paused:${dagId}`
export const poolKey = (name: string) => `pool:${name}`
export const runKey = (dagRunId: number) => `run:${dagRunId}`
export const tiKey = (tiId: number) => `ti:${tiId}`
export const taskKey = (dagId: string, taskId: string) => `task:${dagId}/${taskId}`

/** What one TI asks for. Units of the first two are not held: they only say yes or no. */
export function demandsOf(
  memory: Pick<Capacities, 'pools' | 'slots'> & Partial<Capacities>,
  run: Pick<RunMemory, 'record' | 'graph'>,
  dag: Pick<DagMemory, 'record' | 'graph'> | undefined,
  ti: Pick<TiRecord, 'id'>,
  index: number,
  draining: boolean,
): Demand[] {
  const task = run.graph.tasks[index]!
  const { dagId, id } = run.record
  const pool = memory.pools.get(task.pool)
  const maxActiveTasks = dag?.graph.maxActiveTasks ?? run.graph.maxActiveTasks
  const demands: Demand[] = [
    { key: DRAINING, units: 0, capacity: draining ? -1 : 0, strict: false },
    { key: pausedKey(dagId), units: 0, capacity: dag?.record.isPaused === true ? -1 : 0, strict: false },
    // The old execution of this very TI may still be dying.
    { key: tiKey(ti.id), units: 1, capacity: 1, strict: false },
    { key: runKey(id), units: 1, capacity: capWithAhead(memory, maxActiveTasks), strict: false },
  ]
  if (task.maxActiveTisPerDag !== null) {
    demands.push({
      key: taskKey(dagId, task.taskId),
      units: 1,
      capacity: capWithAhead(memory, task.maxActiveTisPerDag),
      strict: false,
    })
  }
  demands.push(
    {
      key: poolKey(task.pool),
      units: task.poolSlots,
      capacity: poolCapacity(pool?.slots, task.poolSlots),
      strict: true,
    },
    { key: SLOTS, units: 1, capacity: memory.slots + (memory.ahead ?? 0), strict: false },
  )
  return demands
}

function capWithAhead({ slots, aheadOfCaps = 0 }: Partial<Capacities>, cap: number): number {
  return slots !== undefined && cap >= slots ? cap + aheadOfCaps : cap
}

/** A cap on the tries of a run or a task. */
export function isCap(key: string): boolean {
  return key.startsWith('run:') || key.startsWith('task:')
}

/**
 * A task that asks for more slots than its pool has would block the pool for ever: it is given the whole pool instead,
 * which is the most it can ever have (it then runs alone). An unknown pool lets nothing through.
 */
function poolCapacity(slots: number | undefined, asked: number): number {
  if (slots === undefined) return 0
  if (slots < 0) return Number.POSITIVE_INFINITY
  return slots === 0 ? 0 : Math.max(slots, asked)
}

/** Plain words for a limit's key, for «why is it not running». */
export function describeLimit(key: string): string {
  const [kind = '', ...rest] = key.split(':')
  const name = rest.join(':')
  switch (kind) {
    case 'slots':
      return 'all executor slots are in use (scheduler.parallelism)'
    case 'draining':
      return 'the scheduler is stopping and starts nothing new'
    case 'paused':
      return `Dag ${name} is paused`
    case 'pool':
      return `pool ${name} has no free slot`
    case 'run':
      return 'the run has reached its maxActiveTasks'
    case 'task':
      return `task ${name} has reached its maxActiveTisPerDag`
    case 'ti':
      return 'its previous execution has not ended yet'
    default:
      return key
  }
}
