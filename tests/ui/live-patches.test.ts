/** Events brought into what was read before: the end is what a new reading would show, in whatever pieces they come. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LiveEvent } from '../../webserver/ui/src/api/live-event.ts'
import type { Dag, Run, TaskInstance } from '../../webserver/ui/src/api/types.ts'
import type { Grid, GridRun } from '../../webserver/ui/src/data/grid-model.ts'
import {
  mergeRuns,
  patchDags,
  patchGrid,
  patchRun,
  patchTis,
  patchTries,
} from '../../webserver/ui/src/data/live-patches.ts'

const AT = Date.UTC(2026, 0, 1)
let nextId = 1

function event(kind: string, over: Partial<LiveEvent> = {}): LiveEvent {
  const id = nextId++
  const nothing = { ti_id: null, try_number: null, actor: 'scheduler', cause: null }
  return { id, at: AT + id, kind, dag_id: 'sales', dag_run_id: 1, ...nothing, ...over }
}

function gridRun(id: number, over: Partial<GridRun> = {}): GridRun {
  const tasks = ['a', 'b']
  return {
    id,
    runId: `run-${id}`,
    state: 'running',
    runType: 'manual',
    runAfter: '2026-01-01T00:00:00.000Z',
    logicalDate: null,
    startDate: null,
    endDate: null,
    cells: new Map(tasks.map((task) => [task, { state: 'none', tryNumber: 0, retryAt: null }])),
    taskOf: new Map(tasks.map((task, index) => [id * 10 + index, task])),
    ...over,
  }
}

const STRUCTURE = { dag_id: 'sales', version_number: 1, tasks: [], edges: [], groups: [] }
const grid = (...runs: GridRun[]): Grid => ({ structure: STRUCTURE, runs, nextBefore: null, wanted: 100 })
const cell = (patched: Grid, task: string, run = 0) => patched.runs[run]?.cells.get(task)

describe('grid', () => {
  test('cells follow their task instance, with the number of the try; others keep their object', () => {
    const before = grid(gridRun(1), gridRun(2))
    const { grid: after, unread } = patchGrid(before, [
      event('ti.queued', { ti_id: 10, try_number: 2 }),
      event('ti.running', { ti_id: 10, try_number: 2 }),
      event('ti.skipped', { ti_id: 11 }),
      event('run.success'),
    ])
    expect(cell(after, 'a')).toEqual({ state: 'running', tryNumber: 2, retryAt: null })
    expect(cell(after, 'b')).toEqual({ state: 'skipped', tryNumber: 0, retryAt: null })
    expect(after.runs[0]).toMatchObject({ state: 'success', endDate: expect.any(String) })
    expect(after.runs[1]).toBe(before.runs[1])
    expect(unread.size).toBe(0)
    expect(cell(before, 'a')?.state).toBe('none')
  })

  test('what no event tells is asked for: the time of a retry, a new run, its task instances', () => {
    const retry = patchGrid(grid(gridRun(1)), [event('ti.up_for_retry', { ti_id: 10, try_number: 1 })])
    expect(cell(retry.grid, 'a')?.state).toBe('up_for_retry')
    expect([...retry.unread]).toEqual([1])
    const fresh = patchGrid(grid(gridRun(1)), [event('run.queued', { dag_run_id: 5 })])
    expect([...fresh.unread]).toEqual([5])
    const empty = gridRun(1, { state: 'queued', cells: new Map(), taskOf: new Map() })
    expect([...patchGrid(grid(empty), [event('run.running')]).unread]).toEqual([1])
    expect([...patchGrid(grid(empty), [event('ti.queued', { ti_id: 10 })]).unread]).toEqual([1])
  })

  test('runs older than the grid shows, and other kinds, change nothing', () => {
    const before = grid(gridRun(7))
    const events = [event('run.failed', { dag_run_id: 3 }), event('run.note', { dag_run_id: 7 }), event('dag.paused')]
    expect(patchGrid(before, events)).toEqual({ grid: before, unread: new Set() })
  })

  test('a deleted run goes; a cleared one is open again', () => {
    const before = grid(gridRun(1, { state: 'failed', startDate: 'x', endDate: 'y' }), gridRun(2))
    const { grid: after } = patchGrid(before, [
      event('ti.cleared', { ti_id: 10, try_number: 3 }),
      event('run.queued'),
      event('run.deleted', { dag_run_id: 2 }),
    ])
    expect(after.runs).toHaveLength(1)
    expect(after.runs[0]).toMatchObject({ state: 'queued', startDate: null, endDate: null })
    expect(cell(after, 'a')).toEqual({ state: 'none', tryNumber: 3, retryAt: null })
  })

  test('runs that were read take their place; the oldest go when there are far more than asked for', () => {
    const merged = mergeRuns(grid(gridRun(1), gridRun(4)), [gridRun(3), gridRun(1, { state: 'failed' })])
    expect(merged.runs.map((run) => [run.id, run.state])).toEqual([
      [1, 'failed'],
      [3, 'running'],
      [4, 'running'],
    ])
    const many = mergeRuns(
      grid(),
      Array.from({ length: 151 }, (_, index) => gridRun(index + 1)),
    )
    expect(many.runs).toHaveLength(100)
    expect(many).toMatchObject({ nextBefore: 52 })
  })

  test('in whatever pieces events come, twice or once, the end is the same', () => {
    const kinds = ['ti.queued', 'ti.running', 'ti.success', 'ti.failed', 'ti.cleared', 'run.running', 'run.success']
    const anyEvent = fc
      .record({
        kind: fc.constantFrom(...kinds),
        run: fc.integer({ min: 1, max: 3 }),
        task: fc.integer({ min: 0, max: 1 }),
      })
      .map(({ kind, run, task }) =>
        event(kind, { dag_run_id: run, ...(kind.startsWith('ti.') ? { ti_id: run * 10 + task, try_number: 1 } : {}) }),
      )
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), fc.nat(30), fc.nat(30), (events, cut, back) => {
        const start = grid(gridRun(1), gridRun(2), gridRun(3))
        const whole = patchGrid(start, events).grid
        const first = patchGrid(start, events.slice(0, cut)).grid
        expect(patchGrid(first, events.slice(Math.max(0, cut - back))).grid.runs).toEqual(whole.runs)
      }),
      { numRuns: 300 },
    )
  })
})

const TI = {
  id: '10',
  dag_run_id: 'run-1',
  task_id: 'a',
  state: 'up_for_retry',
  try_number: 1,
  start_date: '2026-01-01T00:00:00.000Z',
  end_date: '2026-01-01T00:00:01.000Z',
  duration: 1,
  hostname: 'h',
  pid: 1,
  cause: { kind: 'error', message: 'x' },
  retry_at: '2026-01-01T00:00:09.000Z',
} as unknown as TaskInstance

describe('task instances and tries', () => {
  test('a new try begins without what the last one left', () => {
    const { tis, isPartial } = patchTis([TI], [event('ti.queued', { ti_id: 10, try_number: 2 })])
    expect(tis[0]).toMatchObject({ state: 'queued', try_number: 2, start_date: null, cause: null, retry_at: null })
    expect(isPartial).toBe(false)
    expect(patchTis([TI], [event('ti.failed', { ti_id: 10, cause: 'Error: x' })]).isPartial).toBe(true)
    const untouched = [TI]
    expect(patchTis(untouched, [event('ti.failed', { ti_id: 99 })]).tis).toBe(untouched)
  })

  test('the duration is that of the try', () => {
    const began = event('ti.running', { ti_id: 10, try_number: 2, at: AT })
    const ended = event('ti.success', { ti_id: 10, try_number: 2, at: AT + 1_500 })
    expect(patchTis([TI], [began, ended]).tis[0]).toMatchObject({ state: 'success', duration: 1.5 })
  })

  test('a try is added once, and each gets its own state', () => {
    const tries = patchTries(
      [{ ...TI, state: 'failed' }],
      ['ti.queued', 'ti.queued', 'ti.running'].map((kind) => event(kind, { ti_id: 10, try_number: 2 })),
    )
    expect(tries.map((one) => [one.try_number, one.state])).toEqual([
      [1, 'failed'],
      [2, 'running'],
    ])
  })
})

test('a run, and the newest runs of the list of Dags', () => {
  const run = { id: 1, state: 'queued', start_date: null, end_date: null, duration: null } as unknown as Run
  const events = [event('run.running', { at: AT }), event('run.failed', { at: AT + 2_000 })]
  expect(patchRun(run, events)).toMatchObject({ state: 'failed', duration: 2 })
  const dag = { dag_id: 'sales', recent_runs: [run] } as unknown as Dag
  const known = patchDags([dag], events)
  expect(known.dags[0]?.recent_runs[0]?.state).toBe('failed')
  expect(known.isNew).toBe(false)
  expect(patchDags([dag], [event('run.queued', { dag_run_id: 2 })]).isNew).toBe(true)
  expect(patchDags([dag], [event('run.success', { dag_run_id: 0 })]).isNew).toBe(false)
  expect(patchDags([dag], [event('run.queued', { dag_id: 'other' })])).toEqual({ dags: [dag], isNew: false })
})
