/** Random Dags over every construct there is so far, and what each of their tasks is going to do. */
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import type { TryOutcome } from '../../core/ports/executor.ts'
import { type SerializedDag, type SerializedTask, TRIGGER_RULES } from '../../core/serialized-dag.ts'
import { hashFraction, type Random } from './random.ts'

export const START = Date.UTC(2026, 0, 1)

export function randomDag(random: Random, dagId: string): SerializedDag {
  const count = random.int(1, 9)
  const tasks: { -readonly [K in keyof SerializedTask]: SerializedTask[K] }[] = []
  for (let i = 0; i < count; i++) {
    const upstream = tasks.filter(() => random.chance(0.35)).map((task) => task.taskId)
    const [first] = upstream
    tasks.push({
      taskId: `t${i}`,
      kind: 'task',
      upstream,
      inputs: first === undefined ? {} : { value: { kind: 'xcom', taskId: first } },
      triggerRule: random.chance(0.5) ? 'all_success' : random.pick(TRIGGER_RULES),
      retries: random.int(0, 3),
      retryDelayMs: random.int(0, 4000),
      ...(random.chance(0.2) ? { pool: 'small', poolSlots: random.int(1, 3) } : {}),
      ...(random.chance(0.15) ? { maxActiveTisPerDag: 1 } : {}),
      ...(random.chance(0.3) ? { priorityWeight: random.int(1, 5) } : {}),
    })
  }
  for (const task of tasks) {
    const children = tasks.filter((other) => other.upstream.includes(task.taskId)).map((other) => other.taskId)
    if (children.length < 2 || !random.chance(0.5)) continue
    const cut = random.int(1, children.length - 1)
    task.branches = [{ kind: 'if', then: children.slice(0, cut), else: children.slice(cut) }]
  }
  const scheduled = random.chance(0.6)
  return {
    format: 1,
    dagId,
    tags: [],
    file: `${dagId}.ts`,
    schedule: scheduled ? { kind: 'interval', everyMs: random.int(5, 30) * 1000 } : { kind: 'none' },
    timezone: 'UTC',
    startDate: START - random.int(0, 90) * 1000,
    ...(scheduled ? { endDate: START + random.int(0, 60) * 1000 } : {}),
    catchup: random.chance(0.6),
    maxActiveRuns: random.int(1, 3),
    maxActiveTasks: random.int(1, 4),
    ...(random.chance(0.15) ? { dagrunTimeoutMs: random.int(5, 40) * 1000 } : {}),
    tasks,
    groups: [],
  }
}

/** What an author may do to a Dag while it runs: other caps, other tasks, other options, now and then another schedule. */
export function editDag(random: Random, dag: SerializedDag): SerializedDag {
  const fresh = randomDag(random, dag.dagId)
  const { schedule, startDate, endDate, catchup } = dag
  const edited: SerializedDag = {
    ...fresh,
    schedule,
    ...(startDate === undefined ? {} : { startDate }),
    ...(catchup === undefined ? {} : { catchup }),
    ...(random.chance(0.5) ? {} : { tasks: dag.tasks }),
    displayName: `edit ${random.int(0, 1_000_000)}`,
  }
  if (schedule.kind === 'interval' && random.chance(0.2)) {
    return { ...edited, schedule: { kind: 'interval', everyMs: random.int(5, 30) * 1000 }, endDate: endDate ?? START }
  }
  const { endDate: _, ...open } = edited
  return endDate === undefined ? open : { ...open, endDate }
}

/** How a task fares in a run, decided by names alone so that an oracle can know it too. */
export interface Fate {
  /** Own failures before it ends otherwise. */
  readonly failures: number
  readonly then: 'success' | 'skipped' | 'fail-now'
  readonly followsThen: boolean
}

export function fateOf(seed: number, dagId: string, runId: string, taskId: string): Fate {
  const roll = (what: string) => hashFraction(`${seed}/${dagId}/${runId}/${taskId}/${what}`)
  const failures = roll('fails') < 0.6 ? 0 : Math.floor(roll('failures') * 5)
  const end = roll('end')
  return {
    failures,
    then: end < 0.88 ? 'success' : end < 0.95 ? 'skipped' : 'fail-now',
    followsThen: roll('branch') < 0.5,
  }
}

/** The outcome of the next try, after `failures` own failures so far. */
export function outcomeOf(fate: Fate, failures: number, task: SerializedTask): TryOutcome {
  const error = (kind: CauseOfDeath['kind']): TryOutcome => ({ state: 'failed', cause: { kind, message: 'simulated' } })
  if (failures < fate.failures) return error('error')
  if (fate.then === 'fail-now') return error('fail')
  if (fate.then === 'skipped') return { state: 'skipped', message: 'simulated' }
  const branch = task.branches?.[0]
  const followed = branch?.kind === 'if' ? (fate.followsThen ? branch.then : branch.else) : undefined
  return {
    state: 'success',
    xcoms: [{ key: 'return_value', json: JSON.stringify(task.taskId), stored: false }],
    ...(followed === undefined ? {} : { followed }),
  }
}
