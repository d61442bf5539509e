import { describe, expect, it } from 'vitest'
import type { CauseKind } from '../../../core/cause-of-death.ts'
import type { TryOutcome } from '../../../core/ports/executor.ts'
import type { CommandRequest, LetterName, RunRecord } from '../../../core/records.ts'
import { ERROR_STRATEGIES, type ErrorStrategy } from '../../../core/serialized-dag.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const failed = (kind: CauseKind, message = 'Error: order 1 is gone', by?: string): TryOutcome => ({
  state: 'failed',
  cause: { kind, message, ...(by === undefined ? {} : { by }) },
})

const letters = (engine: Engine) => [...engine.tables.sagas.letters.values()]
const open = (engine: Engine) =>
  letters(engine).flatMap(({ letter, outcome }) => (outcome === null ? [`${letter.taskId}.${letter.tryNumber}`] : []))

function nameOf(engine: Engine, run: RunRecord, taskId: string): LetterName {
  const { letter } = letters(engine).findLast((one) => one.letter.taskId === taskId)!
  return { tiId: letter.tiId, tryNumber: letter.tryNumber, dagId: run.dagId, runId: run.runId }
}

interface RedriveAnswer {
  readonly redriven: { ti_id: number }[]
  readonly refused: { ti_id: number; message: string }[]
  readonly discarded: { ti_id: number }[]
}

function redrive(engine: Engine, some: LetterName[], more: Partial<Extract<CommandRequest, { kind: 'redrive' }>> = {}) {
  const answer = engine.command({ kind: 'redrive', letters: some, ...more })
  if (!answer.ok) throw new Error(answer.message)
  return JSON.parse(answer.value) as RedriveAnswer
}

describe('an error strategy', () => {
  const own: [string, TryOutcome, 'task' | 'nobody' | 'always'][] = [
    ['an error', failed('error'), 'task'],
    ['a timeout', failed('timeout'), 'task'],
    ['an exit', failed('exit'), 'task'],
    ['out of memory', failed('out-of-memory'), 'task'],
    ['fail-now', failed('fail'), 'nobody'],
    ['a cancel', failed('cancelled', 'stopped', 'user:anna'), 'nobody'],
    ['a platform loss', failed('host-lost'), 'always'],
    ['a stop of the program', failed('cancelled', 'stopped', 'shutdown'), 'always'],
  ]
  const table = ERROR_STRATEGIES.flatMap((strategy) =>
    own.map(([name, outcome, repeats]) => [strategy, name, outcome, repeats] as const),
  )

  it.each(table)('%s after %s', (strategy, _name, outcome, repeats) => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 2, retryDelayMs: 0 })], { errorStrategy: strategy }))
    const run = engine.trigger('d')
    engine.end('a', outcome)
    const retried = repeats === 'always' || (repeats === 'task' && strategy.startsWith('retry'))
    expect(engine.ti(run.id, 'a').state).toBe(retried ? 'queued' : 'failed')
    expect(open(engine)).toEqual(retried ? [] : ['a.1'])
    if (!retried) expect(letters(engine)[0]!.letter).toMatchObject({ strategy, kind: 'task' })
  })

  it.each(ERROR_STRATEGIES)('%s makes no letter of success and skip, and one of the last loss', (strategy) => {
    const engine = new Engine({ defaults: { errorStrategy: strategy, maxPlatformLosses: 1 } })
    engine.file(dagOf('d', [task('a'), task('b'), task('c')]))
    engine.trigger('d')
    engine.end('a')
    engine.end('b', { state: 'skipped', message: 'nothing to do' })
    engine.end('c', failed('host-lost'))
    expect(open(engine)).toEqual([])
    engine.end('c', failed('host-lost'))
    expect(open(engine)).toEqual(['c.2'])
  })

  it.each([
    ['the task', { errorStrategy: 'retry' }, { errorStrategy: 'dead-letter' }, 'compensate', 'retry'],
    ['its Dag', {}, { errorStrategy: 'dead-letter' }, 'compensate', 'dead-letter'],
    ['the platform', {}, {}, 'compensate', 'compensate'],
    ['default', {}, {}, undefined, 'retry-then-compensate'],
  ] as const)('is that of %s', (_whose, ofTask, ofDag, ofPlatform, wanted) => {
    const engine = new Engine({ defaults: ofPlatform === undefined ? {} : { errorStrategy: ofPlatform } })
    engine.file(dagOf('d', [task('a', { retries: 1, retryDelayMs: 0, ...ofTask })], ofDag))
    const run = engine.trigger('d')
    engine.fail('a')
    if ((wanted as ErrorStrategy).startsWith('retry')) engine.fail('a')
    expect(engine.ti(run.id, 'a').state).toBe('failed')
    expect(letters(engine)[0]!.letter.strategy).toBe(wanted)
  })

  it('without retries shows one try, and none for retries', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 5 })], { errorStrategy: 'dead-letter' }))
    const run = engine.trigger('d')
    expect(engine.ti(run.id, 'a').maxTries).toBe(1)
  })
})

describe('a dead letter', () => {
  it('tells what failed, of which version, why, and as which fault', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 1, retryDelayMs: 0 }), task('b', { retries: 0 })]))
    const run = engine.trigger('d')
    engine.end('a', failed('error', 'Error: order 17 is gone'))
    expect(letters(engine)).toEqual([])
    engine.now = T0 + 5
    engine.end('a', failed('error', `Error: order 18 is gone ${'x'.repeat(1000)}`))
    engine.end('b', failed('error', `Error: order 19 is gone ${'x'.repeat(1000)}`))
    const [a, b] = letters(engine).map(({ letter }) => letter)
    expect(a).toEqual({
      tiId: engine.ti(run.id, 'a').id,
      tryNumber: 2,
      dagRunId: run.id,
      dagId: 'd',
      taskId: 'a',
      mapIndex: -1,
      versionId: run.versionId,
      kind: 'task',
      strategy: 'retry-then-compensate',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      causeKind: 'error',
      message: expect.stringMatching(/^Error: order 18 is gone x{1,}$/),
      at: T0 + 5,
    })
    expect(a!.message).toHaveLength(500)
    expect(b!.fingerprint).toBe(a!.fingerprint)
  })

  it('is not made by hand, nor by a late result', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a'), task('b')]))
    const run = engine.trigger('d')
    const [a] = engine.running
    engine.command({
      kind: 'mark',
      dagId: 'd',
      runId: run.runId,
      taskIds: ['a'],
      state: 'failed',
      upstream: false,
      downstream: false,
    })
    engine.report(a!, failed('error'))
    engine.command({ kind: 'mark-run', dagId: 'd', runId: run.runId, state: 'failed' })
    expect(letters(engine)).toEqual([])
  })

  it('is settled by a clear and by a mark, also in the very tick of the failure', () => {
    const engine = new Engine()
    engine.file(
      dagOf(
        'd',
        ['a', 'b', 'c', 'e'].map((id) => task(id, { retries: 0 })),
      ),
    )
    const run = engine.trigger('d')
    const name = { dagId: 'd', runId: run.runId }
    const flags = { upstream: false, downstream: false }
    for (const id of ['a', 'b', 'e']) engine.fail(id)
    expect(open(engine)).toEqual(['a.1', 'b.1', 'e.1'])
    engine.command({ kind: 'clear', ...name, taskIds: ['a'], ...flags, onlyFailed: false, onlyRunning: false })
    engine.command({ kind: 'mark', ...name, taskIds: ['b'], state: 'success', ...flags })
    expect(open(engine)).toEqual(['e.1'])
    const [index] = engine.running.flatMap((dispatch, i) => (dispatch.taskId === 'c' ? [i] : []))
    const [c] = engine.running.splice(index!, 1)
    const report = {
      type: 'ended' as const,
      key: c!.key,
      startedAt: T0,
      endedAt: T0,
      host: 'here',
      pid: 1,
      outcome: failed('error'),
    }
    const clear = { kind: 'clear' as const, ...name, taskIds: ['c'], ...flags, onlyFailed: false, onlyRunning: false }
    engine.commands([clear], 'user:bert', [{ type: 'report', report }])
    expect(letters(engine).map(({ letter, outcome }) => [letter.taskId, outcome?.status, outcome?.actor])).toEqual([
      ['a', 'redriven', 'user:anna'],
      ['b', 'discarded', 'user:anna'],
      ['e', undefined, undefined],
      ['c', 'redriven', 'user:bert'],
    ])
  })
})

describe('a redrive', () => {
  /** a fails, b below it is upstream_failed, c has failed beside them; the run is over. */
  function failedRun(fields: Parameters<typeof task>[1] = {}) {
    const engine = new Engine()
    const tasks = [
      task('a', { retries: 0, ...fields }),
      task('b', { upstream: ['a'], retries: 0 }),
      task('c', { retries: 0 }),
    ]
    engine.file(dagOf('d', tasks))
    const run = engine.trigger('d')
    engine.fail('a')
    engine.fail('c')
    expect(engine.run(run.id).state).toBe('failed')
    return { engine, run }
  }

  it('runs the task again, with all below it, of a run that has ended', () => {
    const { engine, run } = failedRun()
    const a = nameOf(engine, run, 'a')
    expect(redrive(engine, [a])).toEqual({
      redriven: [{ ti_id: a.tiId, try_number: 1, dag_run_id: run.runId }],
      refused: [],
    })
    expect(engine.states(run.id)).toEqual({ a: 'queued', b: 'none', c: 'failed' })
    expect(open(engine)).toEqual(['c.1'])
    engine.end('a')
    engine.end('b')
    expect(engine.run(run.id).state).toBe('failed')
    redrive(engine, [nameOf(engine, run, 'c')])
    engine.end('c')
    expect(engine.run(run.id).state).toBe('success')
    expect(open(engine)).toEqual([])
  })

  it('of a run that goes on clears within it', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 0 }), task('b')]))
    const run = engine.trigger('d')
    engine.fail('a')
    redrive(engine, [nameOf(engine, run, 'a')])
    expect(engine.runningIds()).toEqual(['b', 'a'])
    expect(engine.running.map((dispatch) => dispatch.key.tryNumber)).toEqual([1, 2])
  })

  it('that fails again makes a letter of its own', () => {
    const { engine, run } = failedRun()
    redrive(engine, [nameOf(engine, run, 'a')])
    engine.fail('a')
    expect(open(engine)).toEqual(['c.1', 'a.2'])
    redrive(engine, [nameOf(engine, run, 'a')])
    expect(engine.states(run.id)).toMatchObject({ a: 'queued' })
  })

  it('answers each letter: those dealt with, unknown, of others, and named twice are refused, the others go on', () => {
    const { engine, run } = failedRun()
    const [a, c] = [nameOf(engine, run, 'a'), nameOf(engine, run, 'c')]
    engine.command({ kind: 'discard-letters', letters: [c], reason: 'paid by hand' }, 'user:bert')
    const some = [c, { ...a, tiId: 9999 }, { ...a, dagId: 'other' }, a, a]
    const answer = redrive(engine, some)
    expect(answer.redriven).toEqual([expect.objectContaining({ ti_id: a.tiId })])
    expect(answer.refused.map((one) => one.message)).toEqual([
      expect.stringMatching(/discarded by user:bert at .*paid by hand/),
      expect.stringMatching(/no dead letter/),
      'the letter is named twice',
      expect.stringMatching(/no dead letter/),
    ])
    expect(redrive(engine, [a]).refused[0]!.message).toMatch(/redriven by user:anna/)
  })

  it('of letters of one run, one above the other, redrives both', () => {
    const engine = new Engine()
    engine.file(
      dagOf('d', [task('a', { retries: 0 }), task('b', { upstream: ['a'], triggerRule: 'all_done', retries: 0 })]),
    )
    const run = engine.trigger('d')
    engine.fail('a')
    engine.fail('b')
    const answer = redrive(engine, [nameOf(engine, run, 'b'), nameOf(engine, run, 'a')])
    expect(answer).toMatchObject({ redriven: [{}, {}], refused: [] })
    expect(engine.runningIds()).toEqual(['a'])
    // Two commands for one run in one tick: the first has dealt with the letter.
    engine.fail('a')
    engine.fail('b')
    const [first, second] = engine.commands(
      ['a', 'b'].map((id) => ({ kind: 'redrive', letters: [nameOf(engine, run, id)] })),
    )
    expect(first).toMatchObject({ ok: true, value: expect.stringContaining('"refused":[]') })
    expect(second).toMatchObject({ ok: true, value: expect.stringContaining('was redriven by user:anna') })
  })

  it('keeps the idempotency key, unless it asks for new ones', () => {
    const { engine, run } = failedRun()
    const key = () => engine.running.at(-1)!.context.idempotencyKey
    redrive(engine, [nameOf(engine, run, 'a')])
    const first = key()
    engine.fail('a')
    redrive(engine, [nameOf(engine, run, 'a')], { newKeys: true })
    const second = key()
    expect(second).not.toBe(first)
    engine.restart()
    engine.fail('a')
    redrive(engine, [nameOf(engine, run, 'a')])
    expect(key()).toBe(second)
    engine.fail('a')
    redrive(engine, [nameOf(engine, run, 'a')], { newKeys: true })
    expect(new Set([first, second, key()]).size).toBe(3)
  })

  it('takes other arguments, which stay until they are changed again', () => {
    const { engine, run } = failedRun({
      inputs: { amount: { kind: 'literal', value: -1 }, to: { kind: 'literal', value: 'x' } },
    })
    const overrides = () => engine.running.at(-1)!.inputOverrides
    redrive(engine, [nameOf(engine, run, 'a')], { inputs: '{"amount":5}' })
    expect(overrides()).toBe('{"amount":5}')
    engine.fail('a')
    engine.restart()
    redrive(engine, [nameOf(engine, run, 'a')], { newKeys: true })
    expect(overrides()).toBe('{"amount":5}')
    engine.fail('a')
    redrive(engine, [nameOf(engine, run, 'a')], { inputs: '{}' })
    expect(overrides()).toBeUndefined()
  })

  it.each([
    ['not JSON', /not JSON/],
    ['[1]', /no JSON object/],
    ['null', /no JSON object/],
    ['{"amuont":1}', /task "a" has no argument "amuont": it has amount/],
    [`{"amount":"${'x'.repeat(65_536)}"}`, /the most is 65536/],
    ['{"amount":"\u0000"}', /a NUL/],
  ])('refuses arguments that cannot be: %s', (inputs, why) => {
    const { engine, run } = failedRun({ inputs: { amount: { kind: 'literal', value: 1 } } })
    const answer = engine.command({ kind: 'redrive', letters: [nameOf(engine, run, 'a')], inputs })
    expect(answer).toMatchObject({ ok: false, code: 'bad-task-inputs', message: expect.stringMatching(why) })
    expect(open(engine)).toEqual(['a.1', 'c.1'])
  })

  it('refuses arguments for several letters, no letters, and too many', () => {
    const { engine, run } = failedRun()
    const [a, c] = [nameOf(engine, run, 'a'), nameOf(engine, run, 'c')]
    const requests: CommandRequest[] = [
      { kind: 'redrive', letters: [a, c], inputs: '{}' },
      { kind: 'redrive', letters: [] },
      { kind: 'redrive', letters: Array.from({ length: 101 }, () => a) },
      { kind: 'discard-letters', letters: [a], reason: ' ' },
      { kind: 'discard-letters', letters: [a], reason: 'x'.repeat(501) },
    ]
    for (const request of requests) expect(engine.command(request)).toMatchObject({ ok: false, code: 'bad-letters' })
    expect(open(engine)).toEqual(['a.1', 'c.1'])
  })

  it('of a deleted run is refused', () => {
    const { engine, run } = failedRun()
    const a = nameOf(engine, run, 'a')
    const [, answer] = engine.commands([
      { kind: 'delete-run', dagId: 'd', runId: run.runId },
      { kind: 'redrive', letters: [a] },
    ])
    expect(answer).toMatchObject({ ok: true, value: expect.stringContaining('no dead letter') })
    expect(letters(engine)).toEqual([])
  })
})

describe('a discard', () => {
  it('leaves the task as it is, and says who, when and why', () => {
    const engine = new Engine()
    engine.file(dagOf('d', [task('a', { retries: 0 })]))
    const run = engine.trigger('d')
    engine.fail('a')
    const name = nameOf(engine, run, 'a')
    const answer = engine.command({ kind: 'discard-letters', letters: [name], reason: 'paid by hand' })
    expect(answer).toMatchObject({ ok: true, value: expect.stringContaining('"refused":[]') })
    expect(letters(engine)[0]!.outcome).toEqual({
      tiId: name.tiId,
      tryNumber: 1,
      status: 'discarded',
      reason: 'paid by hand',
      actor: 'user:anna',
      at: T0,
    })
    expect(engine.states(run.id)).toEqual({ a: 'failed' })
    expect(engine.tables.events.map((event) => event.kind)).toContain('letter.discarded')
    // A clear afterwards changes nothing of it.
    const flags = { upstream: false, downstream: false, onlyFailed: false, onlyRunning: false }
    engine.command({ kind: 'clear', dagId: 'd', runId: run.runId, taskIds: [], ...flags })
    expect(letters(engine)[0]!.outcome).toMatchObject({ status: 'discarded' })
  })
})

it('a clear that asks for it gives new idempotency keys, also to what is below', () => {
  const engine = new Engine()
  engine.file(dagOf('d', [task('a'), task('b', { upstream: ['a'] })]))
  const run = engine.trigger('d')
  const keys = new Map<string, string[]>()
  const flags = { taskIds: ['a'], upstream: false, downstream: true, onlyFailed: false, onlyRunning: false }
  for (const newKeys of [false, true, true]) {
    for (const id of ['a', 'b']) {
      keys.set(id, [...(keys.get(id) ?? []), engine.running[0]!.context.idempotencyKey])
      engine.end(id)
    }
    engine.command({ kind: 'clear', dagId: 'd', runId: run.runId, ...flags, newKeys })
  }
  for (const [first, second, third] of keys.values()) {
    expect(second).toBe(first)
    expect(third).not.toBe(first)
  }
  // From memory and from the tables alike.
  engine.restart()
  expect(engine.tables.snapshot().tiOverrides.map((row) => row.life)).toEqual([2, 2])
})
