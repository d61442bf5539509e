/** Random Dags over every construct there is so far. New options of a Dag or task belong here on the day they come. */
import {
  type BranchSpec,
  type CompensateSpec,
  ERROR_STRATEGIES,
  type InputBinding,
  type Schedule,
  type SerializedDag,
  type SerializedGroup,
  type SerializedTask,
  TRIGGER_RULES,
  WEIGHT_RULES,
} from '../../core/serialized-dag.ts'
import type { Random } from './random.ts'

type Task = { -readonly [K in keyof SerializedTask]: SerializedTask[K] }

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Instants at which a zone changes its clocks, and schedules that fire there or near there. */
export const CLOCK_CHANGES = [
  { zone: 'Europe/Berlin', at: Date.UTC(2026, 2, 29, 1) },
  { zone: 'Europe/Berlin', at: Date.UTC(2026, 9, 25, 1) },
  { zone: 'America/New_York', at: Date.UTC(2026, 2, 8, 7) },
  { zone: 'America/New_York', at: Date.UTC(2026, 10, 1, 6) },
  { zone: 'Australia/Lord_Howe', at: Date.UTC(2026, 3, 4, 15) },
  { zone: 'Australia/Lord_Howe', at: Date.UTC(2026, 9, 3, 15, 30) },
] as const

const CRONS = [
  { expression: '* * * * *', back: 6 * MINUTE },
  { expression: '*/2 * * * *', back: 10 * MINUTE },
  { expression: '0 * * * *', back: 6 * HOUR },
  { expression: '*/30 * * * *', back: 3 * HOUR },
  { expression: '0 1,2,3 * * *', back: 2 * DAY },
  { expression: '0 2 * * *', back: 4 * DAY },
  { expression: '30 1 * * *', back: 3 * DAY },
] as const

/** One object: compiled schemas are remembered by identity. */
const PARAMS = { type: 'object', properties: { n: { type: 'integer', minimum: 0, default: 1 } } }

/** @param others ids of the Dags its tasks may trigger: later ones only, or the runs would never end. */
export function randomDag(random: Random, dagId: string, start: number, others: readonly string[]): SerializedDag {
  const tasks = randomTasks(random, start, others)
  for (const task of tasks) {
    const children = tasks.filter((other) => other.upstream.includes(task.taskId)).map((other) => other.taskId)
    if (task.kind === 'task' && children.length > 0 && random.chance(0.35))
      task.branches = randomBranches(random, children)
  }
  const groups = random.chance(0.5) ? randomUndoing(random, tasks) : []
  const { schedule, timezone, startDate, endDate } = randomSchedule(random, start)
  return {
    format: 1,
    dagId,
    tags: [],
    file: `${dagId}.ts`,
    schedule,
    timezone,
    startDate,
    ...(endDate === null ? {} : { endDate }),
    ...(random.chance(0.1) ? {} : { catchup: random.chance(0.65) }),
    ...(random.chance(0.1) ? {} : { maxActiveRuns: random.int(1, 3) }),
    ...(random.chance(0.1) ? {} : { maxActiveTasks: random.int(1, 4) }),
    ...(random.chance(0.12) ? { dagrunTimeoutMs: random.int(5, 40) * 1000 } : {}),
    ...(random.chance(0.05) ? { isPausedUponCreation: true } : {}),
    ...(random.chance(0.3) ? { params: PARAMS } : {}),
    ...(random.chance(0.05) ? { airflow: true } : {}),
    ...(random.chance(0.15) ? { errorStrategy: random.pick(ERROR_STRATEGIES) } : {}),
    ...(random.chance(0.06) ? { failFast: true } : {}),
    tasks,
    groups,
  }
}

/** Says of tasks how they are undone, and makes sagas of some that follow each other, so that no way leads out and back. */
function randomUndoing(random: Random, tasks: Task[]): SerializedGroup[] {
  for (const task of tasks) {
    if (random.chance(0.65)) task.compensate = randomCompensation(random)
    if (random.chance(0.15)) task.errorStrategy = random.pick(ERROR_STRATEGIES)
  }
  const groups: SerializedGroup[] = []
  for (let from = random.int(0, 3); from + 1 < tasks.length && random.chance(0.6); ) {
    const to = random.int(from + 1, tasks.length - 1)
    const groupId = `saga${groups.length}`
    groups.push({ groupId, saga: true })
    for (const task of tasks.slice(from, to + 1)) task.groupId = groupId
    from = to + 1 + random.int(0, 1)
  }
  return groups
}

function randomCompensation(random: Random): CompensateSpec {
  return {
    ...(random.chance(0.35) ? { alsoWhenFailed: true } : {}),
    ...(random.chance(0.15) ? {} : { retries: random.int(0, 3) }),
    ...(random.chance(0.15) ? {} : { retryDelayMs: random.int(0, 3000) }),
    ...(random.chance(0.2) ? { timeoutMs: random.chance(0.3) ? null : random.int(2, 15) * 1000 } : {}),
  }
}

function randomTasks(random: Random, start: number, others: readonly string[]): Task[] {
  const tasks: Task[] = []
  const count = random.int(1, 9)
  for (let i = 0; i < count; i++) {
    const upstream = tasks.filter(() => random.chance(0.35)).map((task) => task.taskId)
    const triggers = others.length > 0 && random.chance(0.08)
    tasks.push({
      taskId: `t${i}`,
      kind: triggers ? 'trigger' : 'task',
      upstream,
      inputs: triggers ? {} : randomInputs(random, upstream),
      ...(triggers ? { trigger: randomTrigger(random, start, others) } : {}),
      ...(random.chance(0.5) ? {} : { triggerRule: random.pick(TRIGGER_RULES) }),
      ...(random.chance(0.1) ? {} : { retries: random.int(0, 3) }),
      ...(random.chance(0.1) ? {} : { retryDelayMs: random.int(0, 4000) }),
      ...(random.chance(0.2) ? { retryBackoff: random.int(1, 3), maxRetryDelayMs: random.int(1000, 10_000) } : {}),
      ...(random.chance(0.2) ? { retryJitter: random.int(0, 10) / 10 } : {}),
      ...(random.chance(0.3) ? { timeoutMs: random.chance(0.3) ? null : random.int(2, 15) * 1000 } : {}),
      ...(random.chance(0.2) ? { pool: 'small', poolSlots: random.int(1, 3) } : {}),
      ...(random.chance(0.15) ? { maxActiveTisPerDag: random.int(1, 2) } : {}),
      ...(random.chance(0.1) ? { maxActiveTisPerDagrun: 1 } : {}),
      ...(random.chance(0.3) ? { priorityWeight: random.int(1, 5) } : {}),
      ...(random.chance(0.2) ? { weightRule: random.pick(WEIGHT_RULES) } : {}),
      ...(random.chance(0.1) ? { doXcomPush: false } : {}),
      ...(random.chance(0.05) ? { startDate: start + random.int(-60, 60) * 1000 } : {}),
      ...(random.chance(0.03) ? { endDate: start + random.int(-60, 60) * 1000 } : {}),
      ...(random.chance(0.1) ? { isolation: 'process' as const } : {}),
    })
  }
  return tasks
}

function randomInputs(random: Random, upstream: readonly string[]): Record<string, InputBinding> {
  const inputs: Record<string, InputBinding> = {}
  for (const taskId of upstream) if (random.chance(0.5)) inputs[taskId] = { kind: 'xcom', taskId }
  if (random.chance(0.2)) inputs.n = { kind: 'param', name: 'n' }
  if (random.chance(0.1)) {
    const items: InputBinding[] = upstream.map((taskId) => ({ kind: 'xcom', taskId }))
    inputs.all = { kind: 'object', fields: { list: { kind: 'list', items }, one: { kind: 'literal', value: 1 } } }
  }
  return inputs
}

/** Now and then a Dag that does not exist, a run id that is taken, a date that others ask for too. */
function randomTrigger(random: Random, start: number, others: readonly string[]) {
  return {
    dagId: random.chance(0.1) ? 'nowhere' : random.pick(others),
    ...(random.chance(0.2) ? { runId: `asked-${random.int(0, 3)}` } : {}),
    ...(random.chance(0.2) ? { logicalDate: start + random.int(0, 60) * 1000 } : {}),
    ...(random.chance(0.2) ? { conf: { kind: 'literal', value: { n: random.int(-1, 3) } } as const } : {}),
  }
}

function randomBranches(random: Random, children: readonly string[]): BranchSpec[] {
  const roll = random.next()
  // A short circuit: nothing below is followed, or all of it.
  if (roll < 0.3 || children.length < 2) return [{ kind: 'if', then: children, else: [] }]
  const cut = random.int(1, children.length - 1)
  const [first, second] = [children.slice(0, cut), children.slice(cut)]
  if (roll < 0.7) return [{ kind: 'if', then: first, else: second }]
  if (roll < 0.85) return [{ kind: 'switch', cases: [{ value: 0, taskIds: first }], otherwise: second }]
  if (roll < 0.95) {
    const cases = children.map((id, value) => ({ value, taskIds: [id] }))
    return [{ kind: 'switch', cases }]
  }
  return [
    { kind: 'if', then: first, else: [] },
    { kind: 'if', then: [], else: second },
  ]
}

interface RandomSchedule {
  readonly schedule: Schedule
  readonly timezone: string
  readonly startDate: number
  readonly endDate: number | null
}

function randomSchedule(random: Random, start: number): RandomSchedule {
  const roll = random.next()
  const startDate = start - random.int(0, 90) * 1000
  const endDate = start + random.int(0, 60) * 1000
  if (roll < 0.3) return { schedule: { kind: 'none' }, timezone: 'UTC', startDate, endDate: null }
  if (roll < 0.36) return { schedule: { kind: 'once' }, timezone: 'UTC', startDate, endDate: null }
  if (roll < 0.7) {
    return { schedule: { kind: 'interval', everyMs: random.int(5, 30) * 1000 }, timezone: 'UTC', startDate, endDate }
  }
  const cron = random.pick(CRONS)
  const near = CLOCK_CHANGES.find((change) => Math.abs(change.at - start) < 2 * HOUR)
  return {
    schedule: { kind: 'cron', expression: cron.expression },
    timezone: near !== undefined && random.chance(0.8) ? near.zone : random.pick(['UTC', 'Asia/Kolkata']),
    startDate: start - random.int(0, cron.back / 1000) * 1000,
    endDate: start + random.int(0, 75) * 1000,
  }
}

/** Many tasks at once, again and again: with quick tries more of them are ready than there are slots. */
export function wideDag(random: Random, dagId: string, start: number): SerializedDag {
  const ids = Array.from({ length: random.int(10, 16) }, (_, i) => `t${i}`)
  const task = (taskId: string, upstream: readonly string[]): Task => ({ taskId, kind: 'task', upstream, inputs: {} })
  return {
    format: 1,
    dagId,
    tags: [],
    file: `${dagId}.ts`,
    schedule: { kind: 'interval', everyMs: random.int(4, 10) * 1000 },
    timezone: 'UTC',
    startDate: start - random.int(0, 20) * 1000,
    endDate: start + 60_000,
    catchup: true,
    maxActiveRuns: random.int(1, 3),
    tasks: [
      ...ids.map((id) => ({ ...task(id, []), retryDelayMs: 100, priorityWeight: random.int(1, 3) })),
      task('last', ids),
    ],
    groups: [],
  }
}

/** What an author may do to a Dag while it runs: other caps, other tasks, other options, now and then another schedule. */
export function editDag(random: Random, dag: SerializedDag, start: number, others: readonly string[]): SerializedDag {
  const fresh = randomDag(random, dag.dagId, start, others)
  const withTasks = random.chance(0.5) ? fresh : { ...fresh, tasks: dag.tasks, groups: dag.groups }
  const edited = { ...withTasks, displayName: `edit ${random.int(0, 1_000_000)}` }
  if (random.chance(0.15)) return edited
  const { endDate: _end, catchup: _catchup, ...open } = edited
  const { schedule, timezone, startDate, endDate, catchup } = dag
  return {
    ...open,
    schedule,
    timezone,
    ...(startDate === undefined ? {} : { startDate }),
    ...(endDate === undefined ? {} : { endDate }),
    ...(catchup === undefined ? {} : { catchup }),
  }
}
