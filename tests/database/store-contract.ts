/**
 * What any Store must do. The PostgreSQL Store and the memory Store pass it, or the simulation proves the wrong thing.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../core/ports/store.ts'
import type {
  CommandAnswer,
  CommandRequest,
  EventRecord,
  RunRecord,
  TiRecord,
  TryRecord,
  XComRecord,
} from '../../core/records.ts'
import { dag, event, execution, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import { describeRareWrites } from './store-contract-rare.ts'
import { describeSagaWrites } from './store-contract-sagas.ts'

/** A Store with a look behind it. */
export interface StoreUnderTest {
  readonly store: Store
  /** Another scheduler on the same tables. */
  otherLeader(): Promise<Store>
  submit(request: CommandRequest, actor: string): Promise<number>
  /** Makes the lease end now, as if its holder had been silent for 3 s. */
  expireLease(): Promise<void>
  readonly inspect: {
    run(id: number): Promise<RunRecord | null>
    ti(id: number): Promise<TiRecord | null>
    try(tiId: number, tryNumber: number): Promise<TryRecord | null>
    note(tiId: number): Promise<string | null>
    xcom(tiId: number, tryNumber: number, key: string): Promise<XComRecord | null>
    /** Compensations, dead letters and overrides of a TI: how many of each. */
    sagaRows(tiId: number): Promise<readonly number[]>
    /** As stored: value, whether it is a secret, description. */
    variable(key: string): Promise<readonly unknown[] | null>
    /** As stored: host, password, extra. */
    connection(id: string): Promise<readonly unknown[] | null>
    /** Of a command, as JSON text. */
    request(commandId: number): Promise<string>
    /** In order of id. */
    events(): Promise<readonly EventRecord[]>
    answer(commandId: number): Promise<{ readonly answer: CommandAnswer; readonly lastEventId: number } | null>
  }
  close(): Promise<void>
}

export function describeStore(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`Store contract: ${name}`, () => {
    let under: StoreUnderTest
    let store: Store
    beforeEach(async () => {
      under = await makeStore()
      store = under.store
    })
    afterEach(() => under.close())

    async function lead(leader: Store = store): Promise<number> {
      const term = await leader.acquireLease('host-a:1:1')
      if (term === null) throw new Error('the lease should be free')
      return term.epoch
    }

    describe('lease', () => {
      it('is held by one, with a rising epoch', async () => {
        const other = await under.otherLeader()
        const first = await lead()
        expect(await other.acquireLease('host-b:1:1')).toBeNull()
        expect(await store.renewLease(first)).toBe(true)
        await store.releaseLease(first)
        const second = await other.acquireLease('host-b:1:1')
        expect(second?.epoch).toBeGreaterThan(first)
        expect(await store.renewLease(first)).toBe(false)
        expect(await store.acquireLease('host-a:1:1')).toBeNull()
      })

      it('is taken over when it has expired, and the old leader is fenced', async () => {
        const other = await under.otherLeader()
        const old = await lead()
        await under.expireLease()
        const term = await other.acquireLease('host-b:1:1')
        expect(term?.epoch).toBeGreaterThan(old)
        // The first call may find its connection ended by the new leader; then it must reject, never say committed.
        const writes = { ...noWrites, events: [event(1)] }
        const result = await store.commit(old, writes).catch(() => store.commit(old, writes))
        expect(result).toEqual({ status: 'fenced' })
        expect(await under.inspect.events()).toEqual([])
        expect(await store.renewLease(old)).toBe(false)
        expect(await other.commit(term!.epoch, writes)).toEqual({ status: 'committed' })
      })

      it('an expired lease that nobody took can be renewed', async () => {
        const epoch = await lead()
        await under.expireLease()
        expect(await store.renewLease(epoch)).toBe(true)
        expect(await (await under.otherLeader()).acquireLease('host-b:1:1')).toBeNull()
      })

      it('its holder may give it up and take it again at once', async () => {
        const first = await lead()
        await store.releaseLease(first)
        expect(await lead()).toBeGreaterThan(first)
        expect(await store.commit(first, { ...noWrites, events: [event(1)] })).toEqual({ status: 'fenced' })
      })

      it('ends at most about 3 s ahead', async () => {
        const term = await store.acquireLease('host-a:1:1')
        const again = await store.renewLease(term!.epoch)
        expect(again).toBe(true)
        expect(Number.isFinite(term!.expiresAt)).toBe(true)
      })
    })

    describe('commit and load', () => {
      it('starts empty, with the default pool', async () => {
        const epoch = await lead()
        const snapshot = await store.load(epoch)
        expect(snapshot.pools).toMatchObject([{ name: 'default_pool', slots: 128 }])
        expect(snapshot).toMatchObject({ dags: [], versions: [], runs: [], tis: [], executions: [], tries: [] })
        expect(snapshot.nextIds).toEqual({ run: 1, ti: 1, event: 1, version: 1 })
      })

      it('a tick with nothing commits', async () => {
        expect(await store.commit(await lead(), noWrites)).toEqual({ status: 'committed' })
      })

      it('gives back every row as it was written', async () => {
        const epoch = await lead()
        const writes = {
          ...noWrites,
          dags: [dag('sales', { versionId: 1, isPaused: true, lastLogicalDate: 1_700_000_000_123, nextRunAfter: 5 })],
          insertedVersions: [version(1, 'sales')],
          pools: [{ name: 'warehouse', slots: -1, description: 'it\'s "quoted", {braced}\\ and\nbroken' }],
          importErrors: [
            { file: 'ä b.ts', at: 3, problems: [{ code: 'c', message: 'm', remedy: 'r', file: 'ä b.ts', line: 3 }] },
          ],
          insertedRuns: [
            run(1, 'sales', {
              state: 'running',
              logicalDate: 1_325_376_000_000,
              conf: '{"null":"NULL","a":"\\u0000"}',
              note: '',
            }),
            run(2, 'sales', { state: 'queued', logicalDate: null, note: 'NULL' }),
          ],
          insertedTis: [
            ti(1, 1, 'extract', {
              state: 'running',
              tryNumber: 1,
              branchSkips: '["a","b"]',
              retryAt: 1_800_000_000_001,
            }),
            ti(2, 1, 'load'),
          ],
          insertedTries: [
            tryOf(1, 1, 1, {
              host: 'h:1:1',
              pid: 7,
              state: 'running',
              cause: { kind: 'error', message: 'a "b" \\ c', stack: 'x\n  at y', exitCode: 3 },
            }),
          ],
          insertedExecutions: [execution(1, 1, 1, epoch)],
          xcoms: [{ tiId: 1, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '{"ü":[1,null,"}"]}' }],
          events: [event(1, { dagRunId: 1, tiId: 1, tryNumber: 1, cause: 'because, of {this}' }), event(2)],
        }
        expect(await store.commit(epoch, writes)).toEqual({ status: 'committed' })
        const snapshot = await store.load(epoch)
        expect(snapshot.dags).toEqual(writes.dags)
        expect(snapshot.versions).toEqual(writes.insertedVersions)
        expect(snapshot.pools).toContainEqual(writes.pools[0])
        expect(snapshot.importErrors).toEqual(writes.importErrors)
        expect(snapshot.runs).toEqual(writes.insertedRuns)
        expect(snapshot.tis).toEqual(writes.insertedTis)
        expect(snapshot.tries).toEqual(writes.insertedTries)
        expect(snapshot.executions).toEqual(writes.insertedExecutions)
        expect(snapshot.usedVersions).toEqual([1])
        expect(snapshot.nextIds).toEqual({ run: 3, ti: 3, event: 3, version: 2 })
        expect(await under.inspect.xcom(1, 1, 'return_value')).toEqual(writes.xcoms[0])
        expect(await under.inspect.events()).toEqual(writes.events)
      })

      it('updates rows, and loads only what is open', async () => {
        const epoch = await lead()
        await store.commit(epoch, {
          ...noWrites,
          dags: [dag('sales')],
          insertedVersions: [version(1, 'sales')],
          insertedRuns: [run(1, 'sales', { state: 'queued' }), run(2, 'sales', { state: 'running', logicalDate: 2 })],
          insertedTis: [ti(1, 1, 'a'), ti(2, 2, 'a')],
          insertedTries: [tryOf(2, 1, 2)],
          insertedExecutions: [execution(2, 1, 2, epoch)],
        })
        let snapshot = await store.load(epoch)
        expect(snapshot.runs.map((one) => one.id)).toEqual([1, 2])
        expect(snapshot.tis.map((one) => one.id)).toEqual([1, 2])
        const ended = tryOf(2, 1, 2, { state: 'success', startDate: 5, endDate: 9, host: 'h', pid: 3 })
        const done = ti(2, 2, 'a', { state: 'success', tryNumber: 1, startDate: 5, endDate: 9 })
        const finished = run(2, 'sales', { state: 'success', logicalDate: 2, startDate: 1, endDate: 9, note: 'n' })
        expect(
          await store.commit(epoch, {
            ...noWrites,
            updatedRuns: [run(1, 'sales', { state: 'running', startDate: 7 }), finished],
            updatedTis: [done],
            updatedTries: [ended],
            deletedExecutions: [{ tiId: 2, tryNumber: 1 }],
            events: [event(1)],
          }),
        ).toEqual({ status: 'committed' })
        snapshot = await store.load(epoch)
        expect(snapshot.runs).toEqual([run(1, 'sales', { state: 'running', startDate: 7 })])
        expect(snapshot.tis.map((one) => one.id)).toEqual([1])
        expect(snapshot.executions).toEqual([])
        expect(await under.inspect.run(2)).toEqual(finished)
        expect(await under.inspect.ti(2)).toEqual(done)
        expect(await under.inspect.try(2, 1)).toEqual(ended)
      })

      it('a finished run that goes on is loaded again', async () => {
        const epoch = await lead()
        const first = {
          ...noWrites,
          insertedRuns: [run(1, 'sales', { state: 'running' })],
          insertedTis: [ti(1, 1, 'a')],
        }
        await store.commit(epoch, first)
        await store.commit(epoch, { ...noWrites, updatedRuns: [run(1, 'sales', { state: 'failed' })] })
        expect((await store.load(epoch)).runs).toEqual([])
        await store.commit(epoch, { ...noWrites, updatedRuns: [run(1, 'sales', { state: 'running' })] })
        const snapshot = await store.load(epoch)
        expect(snapshot.runs).toEqual([run(1, 'sales', { state: 'running' })])
        expect(snapshot.tis.map((one) => one.id)).toEqual([1])
      })

      it('replaces Dags, pools, import errors and XComs; clears import errors', async () => {
        const epoch = await lead()
        const xcom = { tiId: 1, tryNumber: 1, key: 'k', dagRunId: 1, json: '1' }
        const error = { file: 'a.ts', problems: [], at: 1 }
        await store.commit(epoch, { ...noWrites, dags: [dag('sales')], importErrors: [error], xcoms: [xcom] })
        const changed = dag('sales', { isActive: false, versionId: 9, lastIntervalEnd: 4 })
        await store.commit(epoch, {
          ...noWrites,
          dags: [changed],
          pools: [{ name: 'default_pool', slots: 3, description: null }],
          importErrors: [{ ...error, at: 2 }],
          xcoms: [{ ...xcom, json: '2' }],
        })
        const snapshot = await store.load(epoch)
        expect(snapshot.dags).toEqual([changed])
        expect(snapshot.pools).toEqual([{ name: 'default_pool', slots: 3, description: null }])
        expect(snapshot.importErrors).toEqual([{ ...error, at: 2 }])
        expect((await under.inspect.xcom(1, 1, 'k'))?.json).toBe('2')
        await store.commit(epoch, { ...noWrites, clearedImportErrors: ['a.ts'] })
        expect((await store.load(epoch)).importErrors).toEqual([])
      })

      it('keeps versions that open runs use; an unused one gives its number to the next', async () => {
        const epoch = await lead()
        await store.commit(epoch, {
          ...noWrites,
          dags: [dag('sales', { versionId: 1 })],
          insertedVersions: [version(1, 'sales')],
          insertedRuns: [run(1, 'sales', { versionId: 1, state: 'running' })],
        })
        await store.commit(epoch, {
          ...noWrites,
          dags: [dag('sales', { versionId: 2 })],
          insertedVersions: [version(2, 'sales', { versionNumber: 2 })],
        })
        let snapshot = await store.load(epoch)
        expect(snapshot.versions.map((one) => one.versionId)).toEqual([1, 2])
        expect(snapshot.usedVersions).toEqual([])
        const replaced = {
          ...noWrites,
          dags: [dag('sales', { versionId: 3 })],
          deletedVersions: [2],
          insertedVersions: [version(3, 'sales', { versionNumber: 2 })],
        }
        expect(await store.commit(epoch, replaced)).toEqual({ status: 'committed' })
        snapshot = await store.load(epoch)
        expect(snapshot.versions.map((one) => one.versionId)).toEqual([1, 3])
        expect(snapshot.nextIds.version).toBe(4)
      })
    })

    describe('what commands of operators write', () => {
      it('a deleted run goes with its TIs, tries, XComs and notes; its events stay and its ids are not given again', async () => {
        const epoch = await lead()
        await store.commit(epoch, {
          ...noWrites,
          insertedVersions: [version(1, 'sales')],
          insertedRuns: [
            run(1, 'sales', { state: 'success' }),
            run(2, 'sales', { state: 'failed', runId: 'b', logicalDate: 7 }),
          ],
          insertedTis: [ti(1, 1, 'a', { state: 'success' }), ti(2, 2, 'a', { state: 'failed' })],
          insertedTries: [tryOf(1, 1, 1), tryOf(2, 1, 2)],
          xcoms: [1, 2].map((id) => ({ tiId: id, tryNumber: 1, key: 'k', dagRunId: id, json: '1' })),
          tiNotes: [
            { tiId: 1, note: 'stays' },
            { tiId: 2, note: 'goes' },
          ],
          events: [event(1, { dagRunId: 2 })],
        })
        expect(
          await store.commit(epoch, { ...noWrites, deletedRuns: [2], events: [event(2, { dagRunId: 2 })] }),
        ).toEqual({
          status: 'committed',
        })
        expect(await under.inspect.run(2)).toBeNull()
        expect(await under.inspect.ti(2)).toBeNull()
        expect(await under.inspect.try(2, 1)).toBeNull()
        expect(await under.inspect.xcom(2, 1, 'k')).toBeNull()
        expect(await under.inspect.note(2)).toBeNull()
        expect(await under.inspect.run(1)).not.toBeNull()
        expect(await under.inspect.ti(1)).not.toBeNull()
        expect(await under.inspect.xcom(1, 1, 'k')).not.toBeNull()
        expect(await under.inspect.note(1)).toBe('stays')
        expect((await under.inspect.events()).map((one) => one.id)).toEqual([1, 2])
        expect((await store.load(epoch)).nextIds).toMatchObject({ run: 3, ti: 3, event: 3 })
      })

      it('its name and its date are free in the same tick', async () => {
        const epoch = await lead()
        await store.commit(epoch, {
          ...noWrites,
          insertedRuns: [run(1, 'sales', { state: 'success', runId: 'x', logicalDate: 7 })],
        })
        const writes = {
          ...noWrites,
          deletedRuns: [1],
          insertedRuns: [run(2, 'sales', { runId: 'x', logicalDate: 7 })],
        }
        expect(await store.commit(epoch, writes)).toEqual({ status: 'committed' })
        expect((await store.load(epoch)).runs.map((one) => one.id)).toEqual([2])
      })

      it('a run or a pool to delete that is not there rejects', async () => {
        const epoch = await lead()
        for (const writes of [
          { ...noWrites, deletedRuns: [9], events: [event(1)] },
          { ...noWrites, deletedPools: ['none'], events: [event(1)] },
        ]) {
          await expect(store.commit(epoch, writes)).rejects.toThrow()
        }
        expect(await under.inspect.events()).toEqual([])
      })

      it('pools go, notes change and go, draining lasts', async () => {
        const epoch = await lead()
        expect((await store.load(epoch)).draining).toBe(false)
        await store.commit(epoch, {
          ...noWrites,
          pools: [{ name: 'warehouse', slots: 2, description: null }],
          tiNotes: [
            { tiId: 1, note: 'NULL' },
            { tiId: 2, note: 'two "and" {more}' },
          ],
          draining: true,
        })
        expect((await store.load(epoch)).draining).toBe(true)
        expect(await under.inspect.note(1)).toBe('NULL')
        await store.commit(epoch, {
          ...noWrites,
          deletedPools: ['warehouse'],
          tiNotes: [
            { tiId: 1, note: null },
            { tiId: 2, note: 'changed' },
            { tiId: 3, note: null },
          ],
        })
        const snapshot = await store.load(epoch)
        expect(snapshot.draining).toBe(true)
        expect(snapshot.pools.map((pool) => pool.name)).toEqual(['default_pool'])
        expect(await under.inspect.note(1)).toBeNull()
        expect(await under.inspect.note(2)).toBe('changed')
        await store.commit(epoch, { ...noWrites, draining: false })
        expect((await store.load(epoch)).draining).toBe(false)
      })

      it('runs are loaded by name with their TIs and versions; cleared runs wait with their TIs', async () => {
        const epoch = await lead()
        await store.commit(epoch, {
          ...noWrites,
          dags: [dag('sales', { versionId: 2 })],
          insertedVersions: [version(1, 'sales'), version(2, 'sales', { versionNumber: 2 })],
          insertedRuns: [
            run(1, 'sales', { runId: 'old', state: 'success' }),
            run(2, 'sales', { runId: 'cleared', state: 'queued', versionId: 2 }),
            run(3, 'sales', { runId: 'other', state: 'failed' }),
          ],
          insertedTis: [ti(1, 1, 'a', { state: 'success' }), ti(2, 2, 'a'), ti(3, 3, 'a'), ti(4, 1, 'b')],
        })
        const loaded = await store.loadRuns(epoch, [
          { dagId: 'sales', runId: 'cleared' },
          { dagId: 'sales', runId: 'old' },
          { dagId: 'sales', runId: 'nobody' },
        ])
        expect(loaded.runs.map((one) => one.id)).toEqual([1, 2])
        expect(loaded.runs[0]).toEqual(await under.inspect.run(1))
        expect(loaded.tis.map((one) => one.id)).toEqual([1, 2, 4])
        expect(loaded.versions.map((one) => one.versionId)).toEqual([1, 2])
        expect(loaded.versions[0]).toEqual(version(1, 'sales'))
        expect((await store.load(epoch)).tis.map((one) => one.id)).toEqual([2])
        expect(await store.loadRuns(epoch, [])).toMatchObject({ runs: [], tis: [], versions: [] })
      })
    })

    describeRareWrites(() => under, lead)
    describeSagaWrites(() => under, lead)

    describe('refusals write nothing', () => {
      const doubles: Readonly<Record<string, RunRecord>> = {
        'the same logical date': run(2, 'sales', { runId: 'other', logicalDate: 5 }),
        'the same run id': run(2, 'sales', { runId: 'run-1', logicalDate: 6 }),
        'the same number': run(1, 'other', { logicalDate: 7 }),
      }
      for (const [what, double] of Object.entries(doubles)) {
        it(`a second run with ${what}`, async () => {
          const epoch = await lead()
          await store.commit(epoch, {
            ...noWrites,
            insertedRuns: [run(1, 'sales', { runId: 'run-1', logicalDate: 5 })],
          })
          const result = await store.commit(epoch, { ...noWrites, insertedRuns: [double], events: [event(1)] })
          expect(result).toMatchObject({ status: 'data-error', sqlState: '23505' })
          expect(await under.inspect.events()).toEqual([])
          // The Store goes on as if nothing had been.
          expect(await store.commit(epoch, { ...noWrites, events: [event(1)] })).toEqual({ status: 'committed' })
        })
      }

      it('many runs of one Dag without a logical date are fine', async () => {
        const runs = [1, 2, 3].map((id) => run(id, 'sales', { logicalDate: null }))
        expect(await store.commit(await lead(), { ...noWrites, insertedRuns: runs })).toEqual({ status: 'committed' })
      })

      it('a TI, a try, an execution that exists', async () => {
        const epoch = await lead()
        await store.commit(epoch, {
          ...noWrites,
          insertedTis: [ti(1, 1, 'a')],
          insertedTries: [tryOf(1, 1, 1)],
          insertedExecutions: [execution(1, 1, 1, epoch)],
        })
        for (const writes of [
          { ...noWrites, insertedTis: [ti(1, 1, 'b')] },
          { ...noWrites, insertedTries: [tryOf(1, 1, 1)] },
          { ...noWrites, insertedExecutions: [execution(1, 1, 1, epoch)] },
        ]) {
          expect(await store.commit(epoch, writes)).toMatchObject({ status: 'data-error', sqlState: '23505' })
        }
      })

      it('a row to change that is not there rejects: it is a bug of the caller', async () => {
        const epoch = await lead()
        for (const writes of [
          { ...noWrites, updatedTis: [ti(99, 1, 'a')], events: [event(1)] },
          { ...noWrites, updatedRuns: [run(99, 'sales')], events: [event(1)] },
          { ...noWrites, updatedTries: [tryOf(99, 1, 1)], events: [event(1)] },
          { ...noWrites, deletedExecutions: [{ tiId: 99, tryNumber: 1 }], events: [event(1)] },
        ]) {
          await expect(store.commit(epoch, writes)).rejects.toThrow()
        }
        expect(await under.inspect.events()).toEqual([])
        expect(await store.commit(epoch, { ...noWrites, events: [event(1)] })).toEqual({ status: 'committed' })
      })
    })

    describe('commands', () => {
      it('come in order of id until they are answered', async () => {
        const epoch = await lead()
        const first = await under.submit({ kind: 'pause', dagId: 'a' }, 'user:anna')
        const second = await under.submit({ kind: 'trigger', dagId: 'b', conf: '{"x":1}' }, 'user:ben')
        const third = await under.submit({ kind: 'unpause', dagId: 'c' }, 'user:anna')
        const all = await store.commandsAfter(0, 10)
        expect(all.map((command) => command.id)).toEqual([first, second, third])
        expect(all[1]).toMatchObject({ request: { kind: 'trigger', dagId: 'b', conf: '{"x":1}' }, actor: 'user:ben' })
        expect((await store.commandsAfter(first, 1)).map((command) => command.id)).toEqual([second])
        const answer: CommandAnswer = { ok: true, value: '{"done":true}' }
        const refusal: CommandAnswer = { ok: false, code: 'unknown-dag', message: 'there is no Dag "c"' }
        expect(
          await store.commit(epoch, {
            ...noWrites,
            events: [event(1)],
            answers: [
              { commandId: first, answer, lastEventId: 1 },
              { commandId: third, answer: refusal, lastEventId: 1 },
            ],
          }),
        ).toEqual({ status: 'committed' })
        expect((await store.commandsAfter(0, 10)).map((command) => command.id)).toEqual([second])
        expect(await under.inspect.answer(first)).toEqual({ answer, lastEventId: 1 })
        expect(await under.inspect.answer(third)).toEqual({ answer: refusal, lastEventId: 1 })
        expect(await under.inspect.answer(second)).toBeNull()
      })

      it('are answered once', async () => {
        const epoch = await lead()
        const id = await under.submit({ kind: 'pause', dagId: 'a' }, 'user:anna')
        const answers = [{ commandId: id, answer: { ok: true, value: '1' } as const, lastEventId: 0 }]
        await store.commit(epoch, { ...noWrites, answers })
        await expect(store.commit(epoch, { ...noWrites, answers })).rejects.toThrow()
      })

      it('are hinted at', async () => {
        const hints = { first: () => {} }
        const hinted = new Promise<void>((resolve) => {
          hints.first = resolve
        })
        const stop = await store.onHint(() => hints.first())
        await under.submit({ kind: 'pause', dagId: 'a' }, 'user:anna')
        await hinted
        await stop()
      })
    })
  })
}
