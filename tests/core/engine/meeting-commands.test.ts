/** Commands that meet others, or a timer, in one tick: each was found by the simulation first. */
import { describe, expect, it } from 'vitest'
import type { CommandAnswer, CommandRequest } from '../../../core/records.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const ALL = { taskIds: [], upstream: false, downstream: false, onlyFailed: false, onlyRunning: false }

/** All in one tick, in this order. */
function together(engine: Engine, ...requests: CommandRequest[]): CommandAnswer[] {
  const ids = requests.map((request) => engine.tables.submit(request, 'user:anna', engine.now))
  engine.tick(ids.map((id) => ({ type: 'command', command: engine.tables.commands.get(id)!.record })))
  return ids.map((id) => engine.tables.commands.get(id)!.answer!)
}

describe('a pool', () => {
  it('that is deleted and made in one tick is there', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 1 })
    together(engine, { kind: 'delete-pool', name: 'p' }, { kind: 'set-pool', name: 'p', slots: 4 })
    expect(engine.tables.pools.get('p')).toMatchObject({ slots: 4 })
  })

  it('that is made and deleted in one tick is not, and is deleted once', () => {
    const engine = new Engine()
    const twice = { kind: 'delete-pool', name: 'p' } as const
    const answers = together(engine, { kind: 'set-pool', name: 'p', slots: 4 }, twice, twice)
    expect(answers.map((answer) => answer.ok)).toEqual([true, true, false])
    expect(engine.tables.pools.has('p')).toBe(false)
  })

  it('goes to who waits behind a task that was cleared away', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 3 })
    engine.file(dagOf('first', [task('one', { pool: 'p' })]))
    engine.file(dagOf('big', [task('all', { pool: 'p', poolSlots: 3 })]))
    engine.file(dagOf('small', [task('two', { pool: 'p' })]))
    engine.trigger('first')
    const big = engine.trigger('big')
    engine.trigger('small')
    expect(engine.runningIds()).toEqual(['one'])
    engine.command({
      kind: 'mark',
      dagId: 'big',
      runId: big.runId,
      taskIds: ['all'],
      state: 'success',
      upstream: false,
      downstream: false,
    })
    expect(engine.runningIds()).toEqual(['one', 'two'])
  })
})

describe('a run that its timeout ends', () => {
  const SLOW = dagOf('d', [task('a')], { dagrunTimeoutMs: 1000 })

  it('starts again when it is cleared in the same tick', () => {
    const engine = new Engine()
    engine.file(SLOW)
    const run = engine.trigger('d')
    engine.end('a', { state: 'failed', cause: { kind: 'error', message: 'x' } })
    engine.now = T0 + 1000
    together(engine, { ...ALL, kind: 'clear', dagId: 'd', runId: run.runId })
    expect(engine.run(run.id).state).toBe('running')
    expect(engine.runningIds()).toEqual(['a'])
  })

  it('is gone when it is deleted in the same tick', () => {
    const engine = new Engine()
    engine.file(SLOW)
    const run = engine.trigger('d')
    engine.end('a', { state: 'failed', cause: { kind: 'error', message: 'x' } })
    engine.now = T0 + 1000
    const [answer] = together(engine, { kind: 'delete-run', dagId: 'd', runId: run.runId })
    expect(answer?.ok).toBe(true)
    expect(engine.tables.runs.size).toBe(0)
    expect(engine.memory.runs.size).toBe(0)
  })
})

it('a run is not deleted under a try that is still ending: no leader could load what is left', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [task('a')]))
  const run = engine.trigger('d')
  engine.command({ kind: 'cancel', dagId: 'd', runId: run.runId })
  const answer = engine.command({ kind: 'delete-run', dagId: 'd', runId: run.runId })
  expect(answer).toMatchObject({ ok: false, code: 'run-not-finished' })
  engine.restart()
})

it('a raised maxActiveTasks starts what waited for the old one', () => {
  const engine = new Engine()
  const tasks = [task('a'), task('b'), task('c')]
  engine.file(dagOf('d', tasks, { maxActiveTasks: 1 }))
  engine.trigger('d')
  expect(engine.runningIds()).toEqual(['a'])
  engine.file(dagOf('d', tasks, { maxActiveTasks: 3 }))
  expect(engine.runningIds()).toEqual(['a', 'b', 'c'])
})
