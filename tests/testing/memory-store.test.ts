import { systemClock } from '../../scheduler/system-clock.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { MemoryTables } from '../../testing/memory-tables.ts'
import { describeStore } from '../database/store-contract.ts'

describeStore('memory', async () => {
  const tables = new MemoryTables()
  return {
    store: new MemoryStore(tables, systemClock),
    otherLeader: async () => new MemoryStore(tables, systemClock),
    submit: async (request, actor) => tables.submit(request, actor, Date.now()),
    expireLease: async () => {
      tables.lease = { ...tables.lease, expiresAt: 0 }
    },
    inspect: {
      run: async (id) => tables.runs.get(id) ?? null,
      ti: async (id) => tables.tis.get(id) ?? null,
      try: async (tiId, tryNumber) => tables.tries.get(`${tiId}.${tryNumber}`) ?? null,
      note: async (tiId) => tables.notes.get(tiId) ?? null,
      xcom: async (tiId, tryNumber, key) => tables.xcoms.get(`${tiId}.${tryNumber}.${key}`) ?? null,
      sagaRows: async (tiId) => {
        const { compensations, letters, overrides } = tables.sagas
        const ofTi = <Row extends { readonly tiId: number }>(rows: Iterable<Row>) =>
          [...rows].filter((row) => row.tiId === tiId).length
        return [
          ofTi(compensations.values()),
          ofTi([...letters.values()].map(({ letter }) => letter)),
          ofTi(overrides.values()),
        ]
      },
      variable: async (key) => {
        const row = tables.variables.get(key)
        return row === undefined ? null : [row.value, row.isSecret, row.description]
      },
      connection: async (id) => {
        const row = tables.connections.get(id)
        return row === undefined ? null : [row.host, row.password, row.extra]
      },
      request: async (id) => JSON.stringify(tables.commands.get(id)?.record.request),
      events: async () => tables.events,
      answer: async (id) => {
        const command = tables.commands.get(id)
        if (command?.answer == null) return null
        return { answer: command.answer, lastEventId: command.lastEventId! }
      },
    },
    close: async () => {},
  }
})
