import { describe, expect, it } from 'vitest'
import { loadedRuns } from '../../../core/engine/rebuild.ts'
import { ERASED_TIS } from '../../../core/ports/store.ts'
import type { CommandAnswer } from '../../../core/records.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const ONE = dagOf('d', [task('a', { retries: 0 })])

/** As the loop does it: each tick is told the next piece, until the command is answered. */
function submit(engine: Engine, actor = 'user:anna') {
  const id = engine.tables.submit({ kind: 'delete-dag', dagId: 'd' }, actor, engine.now)
  return {
    step: () => {
      const found = engine.tables.lookUp({ variables: [], connections: [], doomedDags: ['d'] })
      const command = engine.tables.commands.get(id)!
      if (command.answer === null) engine.tick([{ type: 'command', command: command.record }], { found })
      return command.answer
    },
  }
}

function deleteDag(engine: Engine): { answer: CommandAnswer; steps: number } {
  const command = submit(engine)
  for (let steps = 1; steps < 500; steps++) {
    const answer = command.step()
    if (answer !== null) return { answer, steps }
  }
  throw new Error('it is never done')
}

const kinds = (engine: Engine) => engine.tables.events.map((event) => `${event.kind} ${event.actor}`)

describe('delete-dag', () => {
  it('takes the Dag with all that is of it; the history stays and says who did it', () => {
    const engine = new Engine()
    engine.file(ONE, dagOf('other', [task('x')]))
    engine.trigger('d')
    engine.end('a', { state: 'success', xcoms: [] })
    const kept = engine.trigger('other')
    const { answer } = deleteDag(engine)
    expect(answer).toEqual({ ok: true, value: JSON.stringify({ dag_id: 'd', file: 'd.ts' }) })
    const { dags, versions, runs, tis, tries } = engine.tables
    expect([...dags.keys()]).toEqual(['other'])
    expect([...versions.values()].map((one) => one.dagId)).toEqual(['other'])
    expect([...runs.keys()]).toEqual([kept.id])
    expect([...tis.values()].map((one) => one.taskId)).toEqual(['x'])
    expect(tries.size).toBe(1)
    expect(kinds(engine)).toEqual(
      expect.arrayContaining(['run.success scheduler', 'dag.deleting user:anna', 'dag.deleted user:anna']),
    )
  })

  it('refuses while a try runs, and names it', () => {
    const engine = new Engine()
    engine.file(ONE)
    const run = engine.trigger('d')
    const { answer } = deleteDag(engine)
    expect(answer).toMatchObject({ ok: false, code: 'dag-running' })
    expect((answer as { message: string }).message).toContain(`"a" of run ${run.runId}`)
    expect(engine.tables.dags.get('d')).toMatchObject({ isPaused: false, isActive: true })
    engine.end('a')
    expect(engine.run(run.id).state).toBe('success')
  })

  it('there is none of that id', () => {
    expect(deleteDag(new Engine()).answer).toMatchObject({ code: 'dag-not-found' })
  })

  it('takes runs along that wait: queued, for a retry, for a slot', () => {
    const engine = new Engine({ slots: 1 })
    engine.file(dagOf('other', [task('x')]))
    engine.trigger('other')
    engine.file(dagOf('d', [task('a', { retryDelayMs: 60_000 }), task('b')], { maxActiveRuns: 1 }))
    engine.trigger('d')
    engine.end('x')
    engine.trigger('other')
    engine.fail('a')
    engine.trigger('d')
    // `x` holds the slot; `b` waits for it, `a` for its retry, the second run for the first.
    expect(engine.runningIds()).toEqual(['b'])
    engine.end('b')
    expect(engine.runningIds()).toEqual(['x'])
    expect(deleteDag(engine).answer.ok).toBe(true)
    engine.end('x')
    engine.at(T0 + 120_000)
    expect(engine.running).toEqual([])
    expect(engine.runs('d')).toEqual([])
    engine.restart()
  })

  it('nothing of it starts between two pieces, though a slot is free', () => {
    const engine = new Engine({ slots: 1 })
    engine.file(dagOf('other', [task('x')]))
    engine.trigger('other')
    engine.file(ONE)
    engine.trigger('d')
    const command = submit(engine)
    expect(command.step()).toBeNull()
    engine.end('x')
    expect(engine.running).toEqual([])
    expect(command.step()).toMatchObject({ ok: true })
    expect(engine.runs('d')).toEqual([])
  })

  it('a large one goes in pieces, each small, across a restart in the middle', () => {
    const engine = new Engine()
    const tasks = Array.from({ length: ERASED_TIS / 2 + 100 }, (_, i) => task(`t${i}`))
    engine.file(dagOf('d', tasks, { maxActiveTasks: 1 }))
    for (let i = 0; i < 3; i++) {
      const run = engine.trigger('d')
      engine.command({ kind: 'mark-run', dagId: 'd', runId: run.runId, state: 'success' })
      for (const id of engine.runningIds()) engine.end(id)
    }
    const before = engine.tables.tis.size
    const command = submit(engine)
    expect(command.step()).toBeNull()
    const sizes = [before]
    for (let i = 0; i < 10; i++) {
      if (i === 1) engine.restart()
      const answer = command.step()
      sizes.push(engine.tables.tis.size)
      if (answer !== null) break
    }
    expect(sizes.at(-1)).toBe(0)
    expect(sizes.slice(1).every((size, i) => sizes[i]! - size <= ERASED_TIS)).toBe(true)
    expect(sizes.length).toBeGreaterThan(2)
  })

  it('an open run larger than a piece never stands half erased and open', () => {
    const engine = new Engine()
    const tasks = Array.from({ length: ERASED_TIS + 10 }, (_, i) =>
      i === 0 ? task('first', { retryDelayMs: 60_000 }) : task(`t${i}`, { upstream: ['first'] }),
    )
    engine.file(dagOf('d', tasks))
    engine.trigger('d')
    engine.fail('first')
    const command = submit(engine)
    expect(command.step()).toBeNull()
    expect(command.step()).toBeNull()
    expect(engine.tables.tis.size).toBe(10)
    // A load of what is left must not meet a run without its TIs.
    engine.restart()
    expect(command.step()).toMatchObject({ ok: true })
    expect(engine.tables.runs.size).toBe(0)
  })

  it('a command that names a run which is half erased finds none, instead of stopping the loop', () => {
    const engine = new Engine()
    engine.file(
      dagOf(
        'd',
        [...Array(ERASED_TIS + 10).keys()].map((i) => task(`t${i}`)),
        { maxActiveTasks: 1 },
      ),
    )
    const { runId } = engine.trigger('d')
    engine.command({ kind: 'mark-run', dagId: 'd', runId, state: 'success' })
    for (const id of engine.runningIds()) engine.end(id)
    const command = submit(engine)
    command.step()
    command.step()
    expect(engine.tables.tis.size).toBe(10)
    const found = engine.tables.runsByName([{ dagId: 'd', runId }])
    expect(loadedRuns(found, engine.memory.defaults).size).toBe(0)
    expect(command.step()).toMatchObject({ ok: true })
  })

  it('nothing can be started in between, and its file makes a new Dag of it afterwards', () => {
    const engine = new Engine()
    engine.file(ONE)
    engine.trigger('d')
    engine.end('a')
    const command = submit(engine)
    command.step()
    expect(engine.command({ kind: 'trigger', dagId: 'd' })).toMatchObject({ code: 'dag-inactive' })
    // Its file is parsed in between: it is closed once more, and goes.
    engine.file({ ...ONE, description: 'edited' })
    for (let i = 0; i < 4 && command.step() === null; i++);
    expect(engine.tables.dags.size).toBe(0)
    engine.file(ONE)
    expect(engine.tables.dags.get('d')).toMatchObject({ isActive: true, isPaused: false })
    expect([...engine.tables.versions.values()]).toMatchObject([{ versionNumber: 1 }])
    engine.trigger('d')
    engine.end('a')
    expect(engine.runs('d')).toMatchObject([{ state: 'success' }])
  })

  it('lets those pass that waited behind it for a pool', () => {
    const engine = new Engine()
    engine.command({ kind: 'set-pool', name: 'p', slots: 3 })
    const wants = (dagId: string, poolSlots: number) => dagOf(dagId, [task(`of-${dagId}`, { pool: 'p', poolSlots })])
    engine.file(wants('first', 1), wants('d', 3), wants('last', 1))
    for (const dagId of ['first', 'd', 'last']) engine.trigger(dagId)
    expect(engine.runningIds()).toEqual(['of-first'])
    expect(deleteDag(engine).answer).toMatchObject({ ok: true })
    expect(engine.runningIds()).toEqual(['of-first', 'of-last'])
  })
})
