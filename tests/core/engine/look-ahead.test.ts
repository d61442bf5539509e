/** Tries queued beyond the executor's slots, as long as tries are short; and what happens when they are not any more. */
import { beforeEach, describe, expect, it } from 'vitest'
import { dagOf, Engine, task } from './harness.ts'

const SLOTS = 4
const AHEAD = 32
const HOUR = 3_600_000

const wide = (dagId: string, count: number, fields = {}) =>
  dagOf(
    dagId,
    Array.from({ length: count }, (_, i) => task(`${dagId}${i}`, fields)),
    { maxActiveTasks: 1_000 },
  )

describe('tries queued ahead of slots', () => {
  let engine: Engine

  beforeEach(() => {
    engine = new Engine({ slots: SLOTS, mostAhead: AHEAD })
    engine.command({ kind: 'set-pool', name: 'default_pool', slots: -1 })
    engine.file(wide('brief', 200), wide('long', 50), wide('urgent', 6, { priorityWeight: 10 }))
    engine.trigger('brief')
    expect(engine.running).toHaveLength(SLOTS)
    for (let i = 0; i < 200; i++) engine.end(engine.running[0]!.taskId)
    engine.trigger('long')
  })

  it('are as many as begin soon at the pace of late', () => {
    expect(engine.running).toHaveLength(SLOTS + AHEAD)
  })

  it('are none while the pace is not known', () => {
    engine.restart()
    engine.end('long0')
    expect(engine.running).toHaveLength(SLOTS + AHEAD - 1)
  })

  it('come back when an operator drains, and begin anew afterwards', () => {
    const [first, ...rest] = engine.running
    const started = { type: 'started' as const, key: first!.key, at: engine.now, host: 'here', pid: 1 }
    engine.tick([{ type: 'report', report: started }])
    const plans = engine.cancelled.length
    engine.command({ kind: 'drain' })
    expect(engine.cancelled.slice(plans)).toEqual(rest.map(({ taskId }) => ({ taskId, by: 'drain' })))
    const cause = { kind: 'cancelled' as const, by: 'drain', message: 'recalled' }
    for (const { taskId } of rest) engine.end(taskId, { state: 'failed', cause })
    expect(engine.runningIds()).toEqual([first!.taskId])
    expect(engine.ti(first!.dagRunId, rest[0]!.taskId)).toMatchObject({ state: 'up_for_retry', failures: 0, losses: 0 })
    engine.command({ kind: 'resume' })
    expect(engine.running).toHaveLength(SLOTS + AHEAD)
  })

  it('do not keep a higher priority waiting until they are gone, however long they take', () => {
    engine.end('long0', undefined, HOUR)
    engine.trigger('urgent')
    // The host begins them as soon as anything ends, so the next slots are theirs; more of them would only wait there.
    expect(engine.runningIds().filter((id) => id.startsWith('urgent'))).toHaveLength(SLOTS)
    engine.end('urgent0', undefined, HOUR)
    expect(engine.runningIds()).toContain('urgent4')
    for (let i = 1; i < 6; i++) engine.end(`urgent${i}`, undefined, HOUR)
    const waiting = engine.running.length
    expect(waiting).toBe(SLOTS + AHEAD - 1)
    engine.end('long1', undefined, HOUR)
    expect(engine.running).toHaveLength(waiting - 1)
  })
})
