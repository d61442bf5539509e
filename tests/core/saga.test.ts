/** What is undone and in which order, against a slow and obvious answer over random graphs. */
import { describe, expect, it } from 'vitest'
import { buildGraph, type DagGraph } from '../../core/graph.ts'
import type { CompensationRecord, TiRecord } from '../../core/records.ts'
import { failureOf, planCompensation, runOfTis, undoCounts } from '../../core/saga.ts'
import type { SerializedTask } from '../../core/serialized-dag.ts'
import type { TiState } from '../../core/states.ts'
import { Random } from '../../testing/simulation/random.ts'
import { SIMULATED_DEFAULTS } from '../../testing/simulation/simulated-defaults.ts'
import { dagOf, task } from './engine/harness.ts'

const graphOf = (tasks: SerializedTask[]) =>
  buildGraph({ versionId: 1, bundleHash: 'b', serialized: dagOf('d', tasks) }, SIMULATED_DEFAULTS)

function tiOf(index: number, state: TiState, fields: Partial<TiRecord> = {}): TiRecord {
  const counters = { tryNumber: 1, maxTries: 1, failures: 0, losses: 0 }
  const rest = { retryAt: null, startDate: null, endDate: index, branchSkips: null }
  return { id: index + 1, dagRunId: 1, taskId: `t${index}`, mapIndex: -1, state, ...counters, ...rest, ...fields }
}

function undoneRow(index: number, fields: Partial<CompensationRecord> = {}): CompensationRecord {
  const scope = { scope: null, actor: 'scheduler', failedTask: null, error: null, plannedAt: 0, endedAt: 0 }
  const tries = { forwardTry: 1, firstTry: 2, lastTry: 2, forwardState: 'success' as const }
  return { tiId: index + 1, dagRunId: 1, state: 'compensated', ...tries, ...scope, ...fields }
}

function isBelow(graph: DagGraph, above: number, below: number): boolean {
  return graph.downstream[above]!.some((child) => child === below || isBelow(graph, child, below))
}

it('whoever has nothing below that is still to be undone has its turn, over random graphs', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed)
    const count = random.int(1, 9)
    const ids = Array.from({ length: count }, (_, i) => `t${i}`)
    const upstream = (i: number) => ids.slice(0, i).filter(() => random.chance(0.3))
    const graph = graphOf(ids.map((id, i) => task(id, { upstream: upstream(i), compensate: {} })))
    const open = new Set(graph.tasks.flatMap(({ index }) => (random.chance(0.6) ? [index] : [])))
    while (open.size > 0) {
      const counts = undoCounts(graph, (index) => open.has(index))
      const free = [...open].filter((index) => counts[index] === 0)
      expect(free).toEqual([...open].filter((index) => ![...open].some((other) => isBelow(graph, index, other))))
      open.delete(random.pick(free))
    }
  }
})

describe('the plan', () => {
  const graph = graphOf([
    task('t0', { compensate: {} }),
    task('t1', { upstream: ['t0'], compensate: { alsoWhenFailed: true } }),
    task('t2', { upstream: ['t1'] }),
    task('t3', { upstream: ['t1'], compensate: {} }),
    task('t4', { upstream: ['t2', 't3'], errorStrategy: 'retry', compensate: {} }),
  ])
  const run = (states: TiState[], rows: [number, CompensationRecord][] = [], fields: Partial<TiRecord> = {}) =>
    runOfTis(
      graph,
      states.map((state, i) => tiOf(i, state, fields)),
      new Map(rows),
    )

  it.each<[string, TiState[], number[] | null]>([
    ['nothing of a run that succeeded', ['success', 'success', 'success', 'success', 'success'], null],
    ['what succeeded and says how', ['success', 'success', 'failed', 'success', 'upstream_failed'], [0, 1, 3]],
    [
      'one that failed where it says so',
      ['success', 'failed', 'upstream_failed', 'upstream_failed', 'upstream_failed'],
      [0, 1],
    ],
    ['nothing for a strategy that does not ask', ['success', 'success', 'success', 'success', 'failed'], null],
    ['nothing twice', ['compensated', 'compensated', 'failed', 'compensation_failed', 'upstream_failed'], null],
    ['nothing that did not run', ['skipped', 'skipped', 'failed', 'skipped', 'upstream_failed'], null],
  ])('%s', (_, states, undo) => {
    expect(failureOf(run(states), null)?.undo ?? null).toEqual(undo)
  })

  it('leaves out what has had no try, and what was undone before somebody marked it', () => {
    const states: TiState[] = ['success', 'success', 'failed', 'success', 'upstream_failed']
    expect(failureOf(run(states, [], { tryNumber: 0 }), null)).toBeNull()
    // Undone by try 2, then marked; and one that ran again since.
    expect(failureOf(run(states, [[0, undoneRow(0)]], { tryNumber: 2 }), null)?.undo).toEqual([1, 3])
    expect(failureOf(run(states, [[0, undoneRow(0)]], { tryNumber: 3 }), null)?.undo).toEqual([0, 1, 3])
  })

  it('names the failure that came first, of those that ask for it', () => {
    const states: TiState[] = ['success', 'success', 'failed', 'failed', 'failed']
    expect(failureOf(run(states), null)?.failedTask).toBe(2)
  })

  it('by hand also takes what failed to be undone, the last first, and says why not', () => {
    const states: TiState[] = ['success', 'compensation_failed', 'success', 'failed', 'skipped']
    expect(planCompensation(run(states))).toEqual({ ok: true, indexes: [1, 0] })
    expect(planCompensation(run(states), ['t0'])).toEqual({ ok: true, indexes: [0] })
    for (const [taskId, code, message] of [
      ['x', 'task-not-found', 'has no task "x"'],
      ['t2', 'not-compensable', 'does not say how it is undone'],
      ['t3', 'not-compensable', 'does not say alsoWhenFailed'],
      ['t4', 'not-compensable', 'is skipped'],
    ] as const) {
      expect(planCompensation(run(states), [taskId])).toMatchObject({
        ok: false,
        code,
        message: expect.stringContaining(message),
      })
    }
  })
})
