/** Undoing a run: what, when, in which order, and what becomes of the run. */
import { describe, expect, it } from 'vitest'
import type { SerializedTask } from '../../../core/serialized-dag.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const undoable = (taskId: string, upstream: string[] = [], fields: Partial<SerializedTask> = {}) =>
  task(taskId, { upstream, compensate: { retries: 0 }, retries: 0, ...fields })

/** reserve → charge → ship → confirm: an order. */
const ORDER = [
  undoable('reserve'),
  undoable('charge', ['reserve']),
  undoable('ship', ['charge'], { compensate: { alsoWhenFailed: true, retries: 0 } }),
  task('confirm', { upstream: ['ship'], retries: 0 }),
]

const kinds = (engine: Engine) => engine.running.map(({ taskId, kind }) => `${kind} ${taskId}`)

describe('a run that fails', () => {
  it('is undone from its end to its beginning, and has failed then', () => {
    const engine = new Engine()
    engine.file(dagOf('d', ORDER))
    const run = engine.trigger('d')
    engine.end('reserve')
    engine.end('charge', { state: 'success', xcoms: [{ key: 'return_value', json: '"c1"', stored: false }] })
    engine.end('ship')
    engine.fail('confirm')
    expect(engine.run(run.id).state).toBe('compensating')
    expect(engine.states(run.id)).toEqual({
      reserve: 'compensating',
      charge: 'compensating',
      ship: 'compensating',
      confirm: 'failed',
    })
    expect(kinds(engine)).toEqual(['compensation ship'])
    engine.end('ship')
    expect(kinds(engine)).toEqual(['compensation charge'])
    const charge = engine.ti(run.id, 'charge')
    expect(engine.running[0]).toMatchObject({
      key: { tiId: charge.id, tryNumber: 2 },
      compensation: {
        forwardTry: { tiId: charge.id, tryNumber: 1 },
        error: { taskId: 'confirm', message: 'boom' },
      },
    })
    engine.end('charge')
    engine.end('reserve')
    expect(engine.states(run.id)).toEqual({
      reserve: 'compensated',
      charge: 'compensated',
      ship: 'compensated',
      confirm: 'failed',
    })
    expect(engine.run(run.id)).toMatchObject({ state: 'failed', endDate: engine.now })
    expect(engine.tables.events.filter((event) => event.kind.startsWith('run.')).map((event) => event.kind)).toEqual([
      'run.queued',
      'run.running',
      'run.compensating',
      'run.failed',
    ])
  })

  it('is undone where it stood, and only what says so is undone when it failed itself', () => {
    const engine = new Engine()
    engine.file(dagOf('d', ORDER))
    const run = engine.trigger('d')
    engine.end('reserve')
    engine.fail('charge')
    expect(engine.states(run.id)).toMatchObject({ reserve: 'compensating', charge: 'failed', ship: 'upstream_failed' })
    engine.end('reserve')
    expect(engine.run(run.id).state).toBe('failed')

    const other = engine.trigger('d')
    engine.end('reserve')
    engine.end('charge')
    engine.fail('ship')
    expect(kinds(engine)).toEqual(['compensation ship'])
    engine.end('ship')
    engine.end('charge')
    engine.end('reserve')
    expect(engine.states(other.id)).toMatchObject({
      ship: 'compensated',
      charge: 'compensated',
      confirm: 'upstream_failed',
    })
  })

  it('goes on undoing after a restart at every step', () => {
    const engine = new Engine()
    engine.file(dagOf('d', ORDER))
    const run = engine.trigger('d')
    for (const id of ['reserve', 'charge', 'ship']) engine.end(id)
    engine.fail('confirm')
    for (const id of ['ship', 'charge', 'reserve']) {
      engine.restart()
      expect(kinds(engine)).toEqual([`compensation ${id}`])
      engine.end(id)
    }
    expect(engine.run(run.id).state).toBe('failed')
  })

  it('repeats a compensation that fails as often as it says, and goes on above one that fails for good', () => {
    const engine = new Engine()
    const compensate = { retries: 1, retryDelayMs: 1000, retryBackoff: 1 }
    engine.file(
      dagOf('d', [undoable('a'), undoable('b', ['a'], { compensate }), task('c', { upstream: ['b'], retries: 0 })]),
    )
    const run = engine.trigger('d')
    engine.end('a')
    engine.end('b')
    engine.fail('c')
    engine.fail('b')
    expect(engine.ti(run.id, 'b')).toMatchObject({ state: 'compensating', retryAt: T0 + 1000, failures: 1 })
    engine.restart()
    expect(kinds(engine)).toEqual([])
    engine.at(T0 + 1000)
    engine.fail('b', 'host-lost')
    expect(kinds(engine)).toEqual(['compensation b'])
    engine.fail('b')
    expect(engine.ti(run.id, 'b').state).toBe('compensation_failed')
    expect(kinds(engine)).toEqual(['compensation a'])
    engine.end('a')
    expect(engine.run(run.id).state).toBe('failed')
    expect([...engine.tables.sagas.compensations.values()]).toMatchObject([
      { state: 'compensated', firstTry: 2, lastTry: 2, failedTask: 'c', error: 'boom', actor: 'scheduler' },
      { state: 'compensation_failed', firstTry: 2, lastTry: 4 },
    ])
  })
})
