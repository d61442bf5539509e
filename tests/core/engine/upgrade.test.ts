import { describe, expect, it } from 'vitest'
import { dagOf, Engine, task } from './harness.ts'

describe('a run that was stored by an older program', () => {
  it('goes on although this one sees that something has to follow', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] }), task('c', { upstream: ['b'] }), task('x')]))
    const run = engine.trigger('d')
    // As if the older one had not known that a failed upstream decides at once.
    const a = engine.ti(run.id, 'a')
    engine.tables.tis.set(a.id, { ...a, state: 'failed' })
    engine.tables.executions.delete(`${a.id}.1`)
    engine.history.beginAnew()
    engine.restart()
    expect(engine.states(run.id)).toEqual({ a: 'failed', b: 'upstream_failed', c: 'upstream_failed', x: 'queued' })
    engine.end('x')
    expect(engine.run(run.id).state).toBe('failed')
  })
})
