/** What every executor does, whatever it runs tries on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { causeOf, dagOf, type MakeExecutor, makeDispatch, makeWorld, returned, type World } from './harness.ts'

const TASKS = dagOf({
  ok: 'async () => ({ n: 1 })',
  none: '() => undefined',
  add: '({ a, b }) => a + b.x + b.list.length',
  throws: "() => { throw new TypeError('no such row', { cause: new Error('the disk is full') }) }",
  skips: "() => { throw new tw.SkipError('nothing to do') }",
  fails: "() => { throw new tw.FailError('never again') }",
  bigint: '() => ({ deep: [{ id: 10n }] })',
  cycle: '() => { const a = {}; a.self = a; return a }',
  fn: '() => ({ f() {} })',
  large: "() => 'x'.repeat(100_000)",
  yes: '() => true',
  word: "() => 'b'",
  spins: '() => { for (;;); }',
  waits: `() => new Promise((resolve, reject) => {
    const { signal } = tw.getContext()
    signal.addEventListener('abort', () => reject(signal.reason))
  })`,
  exits: '() => process.exit(7)',
  prints:
    "() => { console.log('to stdout'); console.error('to stderr'); tw.getContext().logger.warn('structured', { n: 1 }) }",
  context: `() => {
    const c = tw.getContext()
    return { dagId: c.dagId, taskId: c.taskId, tryNumber: c.tryNumber, ds: c.ds, params: c.params, at: c.logicalDate }
  }`,
  client: `async () => {
    const client = tw.getClient()
    await client.setXCom({ key: 'own', value: { a: [1] } })
    await client.setVariable('made', 'here')
    return [await client.getXCom({ key: 'own' }), await client.getVariable('made'), await client.getVariable('none'),
      await client.getConnectionOrThrow('nowhere').catch((error) => error.name)]
  }`,
})

export function describeExecutor(name: string, make: MakeExecutor): void {
  describe(`${name} executor`, () => {
    let world: World
    let bundleHash: string
    beforeAll(async () => {
      world = await makeWorld({}, make)
      bundleHash = world.bundle(TASKS)
    })
    afterAll(() => world.stop())

    it('runs a try and reports start and end', async () => {
      const dispatch = world.dispatch({ bundleHash, taskId: 'ok' })
      const ended = await world.ended(dispatch)
      expect(ended.outcome).toEqual({
        state: 'success',
        xcoms: [{ key: 'return_value', json: '{"n":1}', stored: false }],
      })
      const mine = world.reports.filter((report) => report.key.tiId === dispatch.key.tiId)
      expect(mine.map((report) => report.type)).toEqual(['started', 'ended'])
      expect(ended.startedAt).not.toBeNull()
      expect(ended.endedAt).toBeGreaterThanOrEqual(ended.startedAt ?? Number.NaN)
      expect(ended.host).toBe(world.executor.host)
    })

    it('keeps an end in the inventory until it is acknowledged', async () => {
      const dispatch = world.dispatch({ bundleHash, taskId: 'ok' })
      await world.ended(dispatch)
      const keys = () => world.executor.inventory().finished.map((ended) => ended.key)
      expect(keys()).toContainEqual(dispatch.key)
      world.executor.acknowledge([dispatch.key])
      expect(keys()).not.toContainEqual(dispatch.key)
    })

    it('has no XCom for undefined, nor when none is wanted', async () => {
      expect((await world.run({ bundleHash, taskId: 'none' })).outcome).toEqual({ state: 'success', xcoms: [] })
      const quiet = await world.run({ bundleHash, taskId: 'ok', doXcomPush: false })
      expect(quiet.outcome).toEqual({ state: 'success', xcoms: [] })
    })

    it('gives inputs: literals, upstream values, params, nested; null for what is not there', async () => {
      const up = world.dispatch({ bundleHash, taskId: 'ok' })
      await world.ended(up)
      const far = makeDispatch({ bundleHash, taskId: 'far' })
      world.api.returnValues.set(`${far.key.tiId}.1`, '40')
      const ended = await world.run({
        bundleHash,
        taskId: 'add',
        inputs: {
          a: { kind: 'xcom', taskId: 'far' },
          b: {
            kind: 'object',
            fields: {
              x: { kind: 'param', name: 'x' },
              list: {
                kind: 'list',
                items: [
                  { kind: 'xcom', taskId: 'up' },
                  { kind: 'xcom', taskId: 'skipped' },
                ],
              },
            },
          },
        },
        upstreamTries: { far: far.key, up: up.key },
        context: { ...makeDispatch({ bundleHash, taskId: 'x' }).context, params: { x: 100 } },
      })
      expect(returned(ended)).toBe(142)
    })

    it('tells an error with its message, stack and chain of causes', async () => {
      const dispatch = world.dispatch({ bundleHash, taskId: 'throws' })
      const cause = causeOf(await world.ended(dispatch))
      expect(cause).toMatchObject({ kind: 'error', message: 'TypeError: no such row' })
      expect(cause.stack).toContain('Caused by: Error: the disk is full')
      expect(cause.stack).not.toContain('run-try')
      expect(await world.text(dispatch)).toContain('no such row')
    })

    it('knows skipping and failing for good', async () => {
      expect((await world.run({ bundleHash, taskId: 'skips' })).outcome).toEqual({
        state: 'skipped',
        message: 'nothing to do',
      })
      expect(causeOf(await world.run({ bundleHash, taskId: 'fails' }))).toMatchObject({ kind: 'fail' })
    })

    it.each([
      ['bigint', 'deep[0].id', 'BigInt'],
      ['cycle', 'self', 'cycle'],
      ['fn', 'f', 'function'],
    ])('refuses a result that is not JSON: %s', async (taskId, path, word) => {
      const { message } = causeOf(await world.run({ bundleHash, taskId }))
      expect(message).toContain(`The return value at ${path} is`)
      expect(message).toContain(word)
    })

    it('stores a large result before it reports it, and hands it on', async () => {
      const dispatch = world.dispatch({ bundleHash, taskId: 'large' })
      const ended = await world.ended(dispatch)
      expect(ended.outcome).toMatchObject({ xcoms: [{ key: 'return_value', json: null, stored: true }] })
      expect(world.api.returnValues.get(`${dispatch.key.tiId}.1`)?.length).toBe(100_002)
    })

    it('says which branches are followed', async () => {
      const branches = [{ kind: 'if', then: ['a'], else: ['b'] }] as const
      expect((await world.run({ bundleHash, taskId: 'yes', branches })).outcome).toMatchObject({ followed: ['a'] })
      const cases = [{ value: 'a', taskIds: ['a'] }]
      const lost = await world.run({ bundleHash, taskId: 'word', branches: [{ kind: 'switch', cases }] })
      expect(causeOf(lost)).toMatchObject({ kind: 'error' })
    })

    it('starts a run of another Dag, once for all tries of a TI', async () => {
      const trigger = {
        dagId: 'other',
        conf: { kind: 'object', fields: { n: { kind: 'literal', value: 1 } } },
      } as const
      const first = makeDispatch({ bundleHash, taskId: 'go', kind: 'trigger', trigger })
      world.executor.dispatch([first])
      const value = returned(await world.ended(first))
      const again = { ...first, key: { tiId: first.key.tiId, tryNumber: 2 } }
      world.executor.dispatch([again])
      expect(returned(await world.ended(again))).toEqual(value)
      expect(world.api.triggered).toHaveLength(1)
      expect(world.api.triggered[0]?.request).toMatchObject({ dagId: 'other', conf: { n: 1 } })
    })

    it('ends an endless loop at its timeout and says how to raise it', async () => {
      const cause = causeOf(await world.run({ bundleHash, taskId: 'spins', timeoutMs: 300 }))
      expect(cause.kind).toBe('timeout')
      expect(cause.message).toContain('300 ms')
      expect(cause.message).toContain("timeout: '5 min'")
      expect(cause.message).toContain('Only running time counts')
    })

    it('cancels what runs, what waits in a loop, and what has not begun', async () => {
      const obeys = world.dispatch({ bundleHash, taskId: 'waits' })
      const spins = world.dispatch({ bundleHash, taskId: 'spins' })
      await world.started(obeys)
      await world.started(spins)
      const waits = world.dispatch({ bundleHash, taskId: 'ok' })
      expect(world.executor.inventory().running).toHaveLength(3)
      world.executor.cancel([waits.key, obeys.key, spins.key, { tiId: 999_999, tryNumber: 1 }], { by: 'user:anna' })
      for (const dispatch of [waits, obeys, spins]) {
        expect(causeOf(await world.ended(dispatch))).toMatchObject({ kind: 'cancelled', by: 'user:anna' })
      }
      expect((await world.ended(waits)).startedAt).toBeNull()
      expect(world.executor.inventory().running).toEqual([])
    })

    it('tells process.exit of a task', async () => {
      expect(causeOf(await world.run({ bundleHash, taskId: 'exits' }))).toMatchObject({ kind: 'exit', exitCode: 7 })
    })

    it('keeps the output of a try in its log', async () => {
      const dispatch = world.dispatch({ bundleHash, taskId: 'prints' })
      await world.ended(dispatch)
      const lines = await world.log(dispatch)
      expect(lines.map(({ source, text }) => ({ source, text }))).toEqual(
        expect.arrayContaining([
          { source: 'stdout', text: 'to stdout' },
          { source: 'stderr', text: 'to stderr' },
          { source: 'task', text: 'structured' },
        ]),
      )
      expect(lines.find((line) => line.source === 'task')).toMatchObject({ level: 'warning', fields: { n: 1 } })
      expect(lines).toHaveLength(3)
    })

    it('gives the context', async () => {
      const ended = await world.run({ bundleHash, taskId: 'context', key: { tiId: 5_000_000, tryNumber: 3 } })
      expect(returned(ended)).toEqual({
        dagId: 'd',
        taskId: 'context',
        tryNumber: 3,
        ds: '2026-01-01',
        params: {},
        at: '2026-01-01T00:00:00.000Z',
      })
    })

    it('answers the client', async () => {
      const ended = await world.run({ bundleHash, taskId: 'client' })
      expect(returned(ended)).toEqual([{ a: [1] }, 'here', null, 'ConnectionNotFoundError'])
    })

    it('does not start without its code, and says so in the log', async () => {
      const dispatch = world.dispatch({ bundleHash: 'gone', taskId: 'ok' })
      expect(causeOf(await world.ended(dispatch)).kind).toBe('not-started')
      expect(await world.text(dispatch)).toContain('There is no bundle gone')
    })

    it('runs a try again only once it is dispatched as a new one', async () => {
      const dispatch = world.dispatch({ bundleHash, taskId: 'ok' })
      world.executor.dispatch([dispatch])
      await world.ended(dispatch)
      world.executor.dispatch([dispatch])
      await world.run({ bundleHash, taskId: 'ok' })
      const mine = world.reports.filter((report) => report.key.tiId === dispatch.key.tiId)
      expect(mine.filter((report) => report.type === 'started')).toHaveLength(1)
    })

    it('refuses a dispatch of an older epoch', async () => {
      await world.run({ bundleHash, taskId: 'ok', epoch: 8 })
      const stale = await world.run({ bundleHash, taskId: 'ok', epoch: 7 })
      expect(causeOf(stale)).toMatchObject({ kind: 'not-started' })
      expect(causeOf(stale).message).toContain('epoch 7')
      expect(returned(await world.run({ bundleHash, taskId: 'ok', epoch: 8 }))).toEqual({ n: 1 })
    })
  })

  describe(`${name} executor, asked to give back what waits`, () => {
    it('does so, and what has begun goes on', async () => {
      const world = await makeWorld({}, make)
      const bundleHash = world.bundle(dagOf({ brief: '() => new Promise((resolve) => setTimeout(resolve, 300, 1))' }))
      const tries = Array.from({ length: world.executor.slots + 1 }, () =>
        world.dispatch({ bundleHash, taskId: 'brief' }),
      )
      const begun = tries.slice(0, -1)
      for (const dispatch of begun) await world.started(dispatch)
      world.executor.cancel(
        tries.map((dispatch) => dispatch.key),
        { by: 'drain', ifWaiting: true },
      )
      const last = await world.ended(tries.at(-1)!)
      expect(causeOf(last)).toMatchObject({ kind: 'cancelled', by: 'drain' })
      expect(last.startedAt).toBeNull()
      for (const dispatch of begun) expect(returned(await world.ended(dispatch))).toBe(1)
      await world.stop()
    })
  })

  describe(`${name} executor, stopping`, () => {
    it('lets running tries end within the grace, takes no new ones, and then cancels', async () => {
      const world = await makeWorld({}, make)
      const bundleHash = world.bundle(
        dagOf({
          brief: '() => new Promise((resolve) => setTimeout(resolve, 100, 1))',
          long: '() => new Promise(() => {})',
        }),
      )
      const brief = world.dispatch({ bundleHash, taskId: 'brief' })
      const long = world.dispatch({ bundleHash, taskId: 'long' })
      await world.started(brief)
      await world.started(long)
      const waiting = Array.from({ length: world.executor.slots }, () =>
        world.dispatch({ bundleHash, taskId: 'brief' }),
      )
      const stopped = world.executor.stop(1_000, { by: 'shutdown' })
      const refused = world.dispatch({ bundleHash, taskId: 'brief' })
      await stopped
      expect(returned(await world.ended(brief))).toBe(1)
      expect(causeOf(await world.ended(long))).toMatchObject({ kind: 'cancelled', by: 'shutdown' })
      expect(causeOf(await world.ended(refused))).toMatchObject({ kind: 'cancelled', by: 'shutdown' })
      expect((await world.ended(refused)).startedAt).toBeNull()
      const last = await world.ended(waiting.at(-1)!)
      expect(causeOf(last)).toMatchObject({ kind: 'cancelled', by: 'shutdown' })
      expect(last.startedAt).toBeNull()
      await world.stop()
    })
  })
}
