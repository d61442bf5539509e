/** The part of the Store contract about sagas, dead letters, overrides and trigger keys. */
import { describe, expect, it } from 'vitest'
import { triggerKeyText } from '../../core/ports/store.ts'
import type { DeadLetterOutcome } from '../../core/records.ts'
import { compensation, dag, deadLetter, event, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import type { StoreUnderTest } from './store-contract.ts'

export function describeSagaWrites(under: () => StoreUnderTest, lead: () => Promise<number>): void {
  const nothing = { variables: [], connections: [], doomedDags: [] }
  const letterOf = async (epoch: number, tiId: number, tryNumber = 1) =>
    (await under().store.lookUp(epoch, { ...nothing, letters: [{ tiId, tryNumber }] })).letters.get(
      `${tiId}.${tryNumber}`,
    )

  describe('sagas', () => {
    const failed = {
      ...noWrites,
      dags: [dag('sales')],
      insertedVersions: [version(1, 'sales')],
      insertedRuns: [
        run(1, 'sales', { state: 'compensating', correlationId: 'order 7', triggerKey: 'k-7', startDate: 1 }),
        run(2, 'sales', { state: 'failed' }),
      ],
      insertedTis: [ti(1, 1, 'reserve', { state: 'compensating', tryNumber: 1 }), ti(2, 1, 'charge'), ti(3, 2, 'a')],
      insertedTries: [tryOf(1, 1, 1, { state: 'success' })],
    }

    it('a run that is being compensated is open; its columns come back as written and stay', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      await store.commit(epoch, failed)
      expect((await store.load(epoch)).runs).toEqual([failed.insertedRuns[0]])
      const ended = { ...failed.insertedRuns[0]!, state: 'failed' as const, endDate: 9 }
      expect(await store.commit(epoch, { ...noWrites, updatedRuns: [ended] })).toEqual({ status: 'committed' })
      expect((await store.load(epoch)).runs).toEqual([])
      expect(await inspect.run(1)).toEqual(ended)
    })

    it('compensations are inserted and replaced; of each TI the newest is loaded', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      const rows = [
        compensation(1, 1, {
          forwardTry: 1,
          state: 'compensated',
          firstTry: 2,
          lastTry: 3,
          endedAt: 1_700_000_000_123,
        }),
        compensation(1, 1, { forwardTry: 4, forwardState: 'failed', scope: 'shipping', error: 'a "b", {c}\\' }),
        compensation(2, 1, { actor: 'user:anna', failedTask: null }),
        compensation(3, 2),
      ]
      expect(await store.commit(epoch, { ...failed, compensations: rows })).toEqual({ status: 'committed' })
      expect((await store.load(epoch)).compensations).toEqual([rows[1], rows[2]])
      const names = [{ dagId: 'sales', runId: 'manual__2' }]
      expect((await store.loadRuns(epoch, names)).compensations).toEqual([rows[3]])
      const done = { ...rows[1]!, state: 'compensation_failed' as const, firstTry: 5, lastTry: 6, endedAt: 7 }
      await store.commit(epoch, { ...noWrites, compensations: [done] })
      expect((await store.load(epoch)).compensations).toEqual([done, rows[2]])
      expect(await inspect.sagaRows(1)).toEqual([2, 0, 0])
    })

    it('one row is not written twice in one tick', async () => {
      const { store } = under()
      const epoch = await lead()
      await store.commit(epoch, failed)
      const twice = { ...noWrites, compensations: [compensation(1, 1), compensation(1, 1)], events: [event(1)] }
      await expect(store.commit(epoch, twice)).rejects.toThrow()
      expect(await under().inspect.sagaRows(1)).toEqual([0, 0, 0])
    })

    it('overrides are inserted, replaced and loaded', async () => {
      const { store } = under()
      const epoch = await lead()
      const first = [
        { tiId: 1, dagRunId: 1, life: 1, inputs: null },
        { tiId: 3, dagRunId: 2, life: 0, inputs: '{"amount":"NULL"}' },
      ]
      await store.commit(epoch, { ...failed, tiOverrides: first })
      expect((await store.load(epoch)).tiOverrides).toEqual([first[0]])
      const names = [{ dagId: 'sales', runId: 'manual__2' }]
      expect((await store.loadRuns(epoch, names)).tiOverrides).toEqual([first[1]])
      const second = { tiId: 1, dagRunId: 1, life: 2, inputs: '{}' }
      await store.commit(epoch, { ...noWrites, tiOverrides: [second] })
      expect((await store.load(epoch)).tiOverrides).toEqual([second])
    })

    it('is written by the leader only', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      await store.commit(epoch, { ...failed, deadLetters: [deadLetter(2, 1)] })
      await store.releaseLease(epoch)
      await lead()
      const outcome: DeadLetterOutcome = { tiId: 2, tryNumber: 1, status: 'redriven', reason: null, actor: 'a', at: 5 }
      const writes = {
        ...noWrites,
        compensations: [compensation(1, 1)],
        deadLetters: [deadLetter(1, 1)],
        deadLetterOutcomes: [outcome],
        tiOverrides: [{ tiId: 1, dagRunId: 1, life: 1, inputs: null }],
      }
      expect(await store.commit(epoch, writes)).toEqual({ status: 'fenced' })
      expect(await inspect.sagaRows(1)).toEqual([0, 0, 0])
      expect((await letterOf(epoch + 1, 2))?.outcome).toBeNull()
    })
  })

  describe('dead letters', () => {
    it('are found as they were written; one that is there stays as it is', async () => {
      const { store } = under()
      const epoch = await lead()
      const letter = deadLetter(1, 1, { kind: 'compensation', mapIndex: 3, message: 'a "b", {c}\\ and\nü', at: 1_234 })
      expect(await store.commit(epoch, { ...noWrites, deadLetters: [letter] })).toEqual({ status: 'committed' })
      const again = { ...letter, message: 'another', at: 9 }
      expect(
        await store.commit(epoch, { ...noWrites, deadLetters: [again, deadLetter(1, 1, { tryNumber: 2 })] }),
      ).toEqual({ status: 'committed' })
      expect(await letterOf(epoch, 1)).toEqual({ letter, outcome: null })
      expect(await letterOf(epoch, 1, 2)).toMatchObject({ letter: { tryNumber: 2 } })
      expect(await letterOf(epoch, 1, 3)).toBeUndefined()
      expect((await store.lookUp(epoch, nothing)).letters.size).toBe(0)
    })

    it('have one outcome; of those that are not there nothing becomes', async () => {
      const { store } = under()
      const epoch = await lead()
      const outcome: DeadLetterOutcome = {
        tiId: 1,
        tryNumber: 1,
        status: 'discarded',
        reason: 'paid by hand, "twice"',
        actor: 'user:anna',
        at: 1_700_000_000_555,
      }
      const settled = { ...outcome, tiId: 2 }
      await store.commit(epoch, { ...noWrites, deadLetters: [{ ...deadLetter(2, 1), outcome: settled }] })
      expect(await letterOf(epoch, 2)).toEqual({ letter: deadLetter(2, 1), outcome: settled })
      // Of a letter that comes in the same tick nothing is known yet: such a one brings it along.
      await store.commit(epoch, { ...noWrites, deadLetters: [deadLetter(1, 1)], deadLetterOutcomes: [outcome] })
      expect((await letterOf(epoch, 1))?.outcome).toBeNull()
      const unknown = { ...outcome, tiId: 99 }
      expect(await store.commit(epoch, { ...noWrites, deadLetterOutcomes: [outcome, unknown] })).toEqual({
        status: 'committed',
      })
      const later = { ...outcome, status: 'redriven' as const, reason: null, at: 9 }
      await store.commit(epoch, { ...noWrites, deadLetterOutcomes: [later] })
      expect(await letterOf(epoch, 1)).toEqual({ letter: deadLetter(1, 1), outcome })
      expect(await letterOf(epoch, 99)).toBeUndefined()
    })
  })

  describe('trigger keys', () => {
    const wanted = (dagId: string, key: string) => ({ ...nothing, triggerKeys: [{ dagId, key }] })

    it('are unique within a Dag and found whatever the state of the run', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      await store.commit(epoch, { ...noWrites, insertedRuns: [run(1, 'sales', { triggerKey: 'k', state: 'failed' })] })
      const same = { ...noWrites, insertedRuns: [run(2, 'sales', { triggerKey: 'k' })], events: [event(1)] }
      expect(await store.commit(epoch, same)).toMatchObject({ status: 'data-error', sqlState: '23505' })
      const other = { ...noWrites, insertedRuns: [run(2, 'orders', { triggerKey: 'k' }), run(3, 'sales')] }
      expect(await store.commit(epoch, other)).toEqual({ status: 'committed' })
      expect(await inspect.events()).toEqual([])
      const found = await store.lookUp(epoch, wanted('sales', 'k'))
      expect([...found.triggerKeys]).toEqual([[triggerKeyText('sales', 'k'), { id: 1, runId: 'manual__1' }]])
      expect((await store.lookUp(epoch, wanted('sales', 'other'))).triggerKeys.size).toBe(0)
    })

    it('are free again when their run is deleted, in the same tick', async () => {
      const { store } = under()
      const epoch = await lead()
      const first = run(1, 'sales', { triggerKey: 'k', state: 'failed' })
      await store.commit(epoch, { ...noWrites, insertedRuns: [first] })
      const writes = { ...noWrites, deletedRuns: [1], insertedRuns: [run(2, 'sales', { triggerKey: 'k' })] }
      expect(await store.commit(epoch, writes)).toEqual({ status: 'committed' })
      const found = await store.lookUp(epoch, wanted('sales', 'k'))
      expect([...found.triggerKeys.values()]).toEqual([{ id: 2, runId: 'manual__2' }])
    })

    it('that cannot be stored belong to nobody', async () => {
      const { store } = under()
      const epoch = await lead()
      expect((await store.lookUp(epoch, wanted('sales', 'a\0b'))).triggerKeys.size).toBe(0)
    })
  })

  describe('a deleted run', () => {
    const two = {
      ...noWrites,
      dags: [dag('sales')],
      insertedVersions: [version(1, 'sales')],
      insertedRuns: [run(1, 'sales', { state: 'failed' }), run(2, 'sales', { state: 'failed' })],
      insertedTis: [ti(1, 1, 'a'), ti(2, 2, 'a')],
      compensations: [1, 2].map((id) => compensation(id, id)),
      deadLetters: [1, 2].map((id) => deadLetter(id, id)),
      tiOverrides: [1, 2].map((id) => ({ tiId: id, dagRunId: id, life: 1, inputs: null })),
    }

    it('takes its compensations, dead letters and overrides along', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      await store.commit(epoch, two)
      await store.commit(epoch, { ...noWrites, deletedRuns: [2] })
      expect(await inspect.sagaRows(1)).toEqual([1, 1, 1])
      expect(await inspect.sagaRows(2)).toEqual([0, 0, 0])
    })

    it('so does a TI of a Dag that is deleted', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      await store.commit(epoch, two)
      await store.commit(epoch, { ...noWrites, erasedTis: [1], erasedRuns: [1] })
      expect(await inspect.sagaRows(1)).toEqual([0, 0, 0])
      expect(await inspect.sagaRows(2)).toEqual([1, 1, 1])
    })
  })
}
