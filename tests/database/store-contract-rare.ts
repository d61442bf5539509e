/** The part of the Store contract about Dags that are deleted piece by piece, and about variables and connections. */
import { describe, expect, it } from 'vitest'
import { ERASED_TIS } from '../../core/ports/store.ts'
import { dag, event, execution, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import type { StoreUnderTest } from './store-contract.ts'

export function describeRareWrites(under: () => StoreUnderTest, lead: () => Promise<number>): void {
  const nothing = { variables: [], connections: [], doomedDags: [] }

  describe('a Dag that is deleted', () => {
    it('gives its oldest runs first, in pieces, and names what runs', async () => {
      const { store } = under()
      const epoch = await lead()
      const many = Array.from({ length: ERASED_TIS }, (_, i) => ti(100 + i, 3, `t${i}`))
      await store.commit(epoch, {
        ...noWrites,
        insertedRuns: [1, 2, 3, 4].map((id) => run(id, 'doomed', { state: 'success' })),
        insertedTis: [ti(1, 1, 'a'), ti(2, 2, 'a'), ...many],
      })
      await store.commit(epoch, { ...noWrites, insertedRuns: [run(5, 'other')] })
      const first = (await store.lookUp(epoch, { ...nothing, doomedDags: ['doomed'] })).doomedDags.get('doomed')!
      expect(first).toMatchObject({ live: [], runIds: [1, 2], partialRunId: 3, isAll: false })
      expect(first.tiIds).toHaveLength(ERASED_TIS)
      await store.commit(epoch, { ...noWrites, erasedTis: first.tiIds, erasedRuns: first.runIds })
      const second = (await store.lookUp(epoch, { ...nothing, doomedDags: ['doomed'] })).doomedDags.get('doomed')!
      expect(second).toMatchObject({ live: [], runIds: [3, 4], partialRunId: null, isAll: true })
      expect(second.tiIds).toHaveLength(2)
      await store.commit(epoch, { ...noWrites, insertedExecutions: [execution(second.tiIds[0]!, 1, 3, epoch)] })
      const third = (await store.lookUp(epoch, { ...nothing, doomedDags: ['doomed'] })).doomedDags.get('doomed')!
      expect(third.live).toMatchObject([{ runId: 'manual__3' }])
    })

    it('goes with all that is of it and nothing else; its ids are not given again', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      await store.commit(epoch, {
        ...noWrites,
        dags: [dag('doomed', { versionId: 2 }), dag('stays', { versionId: 1 })],
        insertedVersions: [version(1, 'stays'), version(2, 'doomed')],
        insertedRuns: [run(1, 'stays', { state: 'failed' }), run(2, 'doomed', { versionId: 2 })],
        insertedTis: [ti(1, 1, 'a'), ti(2, 2, 'a')],
        insertedTries: [tryOf(1, 1, 1), tryOf(2, 1, 2)],
        xcoms: [1, 2].map((id) => ({ tiId: id, tryNumber: 1, key: 'k', dagRunId: id, json: '1' })),
        tiNotes: [
          { tiId: 1, note: 'stays' },
          { tiId: 2, note: 'goes' },
        ],
        events: [event(1, { dagRunId: 2, dagId: 'doomed' })],
      })
      const writes = { ...noWrites, erasedTis: [2], erasedRuns: [2], deletedDags: ['doomed'], events: [event(2)] }
      expect(await store.commit(epoch, writes)).toEqual({ status: 'committed' })
      expect(await inspect.run(2)).toBeNull()
      expect(await inspect.ti(2)).toBeNull()
      expect(await inspect.try(2, 1)).toBeNull()
      expect(await inspect.xcom(2, 1, 'k')).toBeNull()
      expect(await inspect.note(2)).toBeNull()
      expect(await inspect.run(1)).not.toBeNull()
      expect(await inspect.try(1, 1)).not.toBeNull()
      expect(await inspect.xcom(1, 1, 'k')).not.toBeNull()
      expect(await inspect.note(1)).toBe('stays')
      expect((await inspect.events()).map((one) => one.id)).toEqual([1, 2])
      const snapshot = await store.load(epoch)
      expect(snapshot.dags.map((one) => one.dagId)).toEqual(['stays'])
      expect(snapshot.versions.map((one) => one.versionId)).toEqual([1])
      expect(snapshot.runs).toEqual([])
      expect(snapshot.nextIds).toEqual({ run: 3, ti: 3, event: 3, version: 3 })
    })

    it('may have lost runs meanwhile, but has to be there', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      expect(await store.commit(epoch, { ...noWrites, erasedTis: [7], erasedRuns: [8] })).toEqual({
        status: 'committed',
      })
      const writes = { ...noWrites, deletedDags: ['none'], events: [event(1)] }
      await expect(store.commit(epoch, writes)).rejects.toThrow()
      expect(await inspect.events()).toEqual([])
    })
  })

  describe('variables and connections', () => {
    const variable = { key: 'region', value: 'eu {"quoted"}', isSecret: false, description: null, updatedAt: 5_000 }
    const connection = {
      id: 'dwh',
      type: 'postgres',
      description: 'the warehouse',
      host: 'db',
      schema: 'sales',
      login: 'etl',
      port: 5432,
      updatedAt: 5_000,
    }

    it('are inserted, replaced, found and deleted', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      const wanted = { ...nothing, variables: ['region', 'none'], connections: ['dwh', 'none'] }
      const secret = { ...variable, key: 'token', value: 'v1:sealed', isSecret: true }
      await store.commit(epoch, { ...noWrites, variables: [variable, secret], connections: [connection] })
      const found = await store.lookUp(epoch, wanted)
      expect([...found.variables, ...found.connections]).toEqual(['region', 'dwh'])
      expect(await inspect.variable('region')).toEqual(['eu {"quoted"}', false, null])
      await store.commit(epoch, { ...noWrites, variables: [{ ...variable, value: 'us', description: 'where' }] })
      expect(await inspect.variable('region')).toEqual(['us', false, 'where'])
      await store.commit(epoch, {
        ...noWrites,
        deletedVariables: ['region', 'gone already'],
        deletedConnections: ['dwh'],
      })
      const left = await store.lookUp(epoch, wanted)
      expect([...left.variables, ...left.connections]).toEqual([])
      expect(await inspect.variable('token')).toEqual(['v1:sealed', true, null])
    })

    it('a secret of a connection stays unless it is given, null takes it away', async () => {
      const { store, inspect } = under()
      const epoch = await lead()
      const write = (row: object) => store.commit(epoch, { ...noWrites, connections: [{ ...connection, ...row }] })
      await write({})
      expect(await inspect.connection('dwh')).toEqual(['db', null, null])
      await write({ password: 'v1:p', extra: 'v1:e' })
      expect(await inspect.connection('dwh')).toEqual(['db', 'v1:p', 'v1:e'])
      await write({ host: 'db2', extra: 'v1:f' })
      expect(await inspect.connection('dwh')).toEqual(['db2', 'v1:p', 'v1:f'])
      await write({ password: null })
      expect(await inspect.connection('dwh')).toEqual(['db', null, 'v1:f'])
    })
  })

  it('an answer may take the values of its request away', async () => {
    const { store, submit } = under()
    const epoch = await lead()
    const set = { value: 'v1:sealed', isSecret: true, description: null }
    const id = await submit({ kind: 'set-variable', variables: [{ key: 'token', ...set }] }, 'user:anna')
    const answer = { ok: true, value: '{}' } as const
    const request = '{"kind":"set-variable","variables":[{"key":"token"}]}'
    await store.commit(epoch, { ...noWrites, answers: [{ commandId: id, answer, lastEventId: 0, request }] })
    expect(await under().inspect.request(id)).toBe(request)
  })
}
