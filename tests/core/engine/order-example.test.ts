/**
 * An order, exhaustively: reserve → charge → ship (undone also when it failed) → confirm, with every task of the four failing or
 * not, every compensation failing or not, and the program killed before or after any commit. Whatever happens, what was done is
 * undone in reverse order, and the same rows are there in the end.
 */
import { describe, expect, it } from 'vitest'
import type { Dispatch, TryOutcome } from '../../../core/ports/executor.ts'
import { dagOf, Engine, task } from './harness.ts'

const TASKS = ['reserve', 'charge', 'ship', 'confirm'] as const
type TaskId = (typeof TASKS)[number]

const ORDER = dagOf('order', [
  task('reserve', { retries: 1, retryDelayMs: 0, compensate: { retries: 1, retryDelayMs: 0 } }),
  task('charge', { upstream: ['reserve'], retries: 1, retryDelayMs: 0, compensate: { retries: 1, retryDelayMs: 0 } }),
  task('ship', {
    upstream: ['charge'],
    retries: 1,
    retryDelayMs: 0,
    compensate: { alsoWhenFailed: true, retries: 1, retryDelayMs: 0 },
  }),
  task('confirm', { upstream: ['ship'], retries: 1, retryDelayMs: 0 }),
])

interface Course {
  /** The task that fails for good; `null`: none does. */
  readonly failing: TaskId | null
  /** The compensation that fails for good. */
  readonly stuck: TaskId | null
}

/** `before`: its effect is not there. `after`: it is, and nobody heard of it. */
type Kill = { readonly step: number; readonly when: 'before' | 'after' } | null

interface Ending {
  readonly run: string
  readonly states: Readonly<Record<string, string>>
  readonly letters: readonly string[]
  /** What was done and undone, in order, each once however often it was tried. */
  readonly effects: readonly string[]
  readonly steps: number
}

/** One order from trigger to end; at one step the program is killed, before or after the try's effect. */
function play({ failing, stuck }: Course, kill: Kill): Ending {
  const engine = new Engine()
  engine.file(ORDER)
  const run = engine.trigger('order')
  const effects: string[] = []
  let steps = 0
  while (engine.running.length > 0) {
    expect(engine.running).toHaveLength(1)
    const dispatch = engine.running[0]!
    const isUndo = dispatch.kind === 'compensation'
    const fails = dispatch.taskId === (isUndo ? stuck : failing)
    const isKilled = kill?.step === steps
    // What a try does elsewhere it does once for its key; one that fails may have done a part.
    if (!(isKilled && kill.when === 'before')) note(effects, dispatch, fails)
    steps++
    if (isKilled) die(engine)
    else engine.end(dispatch.taskId, outcomeOf(fails))
  }
  const letters = [...engine.tables.sagas.letters.values()].map(({ letter }) => `${letter.kind} ${letter.taskId}`)
  return { run: engine.run(run.id).state, states: engine.states(run.id), letters, effects, steps }
}

function note(effects: string[], { taskId, kind, context }: Dispatch, fails: boolean): void {
  const isUndo = context.idempotencyKey.endsWith('/compensate')
  expect(isUndo).toBe(kind === 'compensation')
  const what = `${isUndo ? 'undo ' : ''}${taskId}${fails ? ' (in part)' : ''}`
  if (!effects.includes(what)) effects.push(what)
}

function outcomeOf(fails: boolean): TryOutcome {
  return fails ? { state: 'failed', cause: { kind: 'error', message: 'boom' } } : { state: 'success', xcoms: [] }
}

/** kill -9: memory is gone, and so is what ran; the next program finds it in the tables and on no host. */
function die(engine: Engine): void {
  const [dispatch] = engine.running.splice(0)
  engine.restart()
  const cause = { kind: 'host-lost' as const, message: 'killed' }
  engine.tick([{ type: 'lost', key: dispatch!.key, cause, at: engine.now }])
}

function expected({ failing, stuck }: Course): Omit<Ending, 'steps'> {
  if (failing === null) {
    const states = Object.fromEntries(TASKS.map((id) => [id, 'success']))
    return { run: 'success', states, letters: [], effects: [...TASKS] }
  }
  const at = TASKS.indexOf(failing)
  const undone = TASKS.filter((id, i) => i < at || (i === at && id === 'ship')).toReversed()
  const states = TASKS.map((id, i) => {
    if (undone.includes(id)) return [id, id === stuck ? 'compensation_failed' : 'compensated']
    return [id, i === at ? 'failed' : 'upstream_failed']
  })
  return {
    run: 'failed',
    states: Object.fromEntries(states),
    letters: [`task ${failing}`, ...undone.filter((id) => id === stuck).map((id) => `compensation ${id}`)],
    effects: [
      ...TASKS.slice(0, at),
      `${failing} (in part)`,
      ...undone.map((id) => (id === stuck ? `undo ${id} (in part)` : `undo ${id}`)),
    ],
  }
}

const COURSES: Course[] = [null, ...TASKS].flatMap((failing) =>
  [null, 'reserve' as const, 'charge' as const, 'ship' as const].map((stuck) => ({ failing, stuck })),
)

describe.each(COURSES)('an order in which $failing fails and undoing $stuck does', (course) => {
  it('ends the same way, wherever the program is killed', () => {
    const { steps, ...undisturbed } = play(course, null)
    expect(undisturbed).toEqual(expected(course))
    for (let step = 0; step < steps; step++) {
      for (const when of ['before', 'after'] as const) {
        const { steps: _, ...ending } = play(course, { step, when })
        expect(ending, `killed ${when} step ${step}`).toEqual(undisturbed)
      }
    }
  })
})

describe('an order that is cancelled at any moment', () => {
  it('is undone as far as it had come, also when the task that was cut off had succeeded', () => {
    for (const [at, current] of TASKS.entries()) {
      for (const succeeds of [true, false]) {
        const engine = new Engine()
        engine.file(ORDER)
        const { id, runId } = engine.trigger('order')
        for (const taskId of TASKS.slice(0, at)) engine.end(taskId)
        engine.command({ kind: 'cancel', dagId: 'order', runId })
        engine.restart()
        const cause = { kind: 'cancelled' as const, message: 'asked for', by: 'user:anna' }
        engine.end(current, succeeds ? { state: 'success', xcoms: [] } : { state: 'failed', cause })
        const order: string[] = []
        while (engine.running.length > 0) {
          expect(engine.running).toHaveLength(1)
          const { taskId, kind } = engine.running[0]!
          expect(kind).toBe('compensation')
          order.push(taskId)
          engine.end(taskId)
        }
        const done = TASKS.filter((taskId, i) => {
          if (taskId === 'confirm') return false
          return i < at || (i === at && (succeeds || taskId === 'ship'))
        })
        expect(order, `cancelled at ${current}`).toEqual(done.toReversed())
        expect(engine.run(id).state).toBe('failed')
      }
    }
  })
})
