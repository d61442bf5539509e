/**
 * Names that PostgreSQL cannot keep (a NUL, half of a surrogate pair) in every kind of command: each is answered with a
 * refusal of its own, and the scheduler keeps its term.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandRequest } from '../../core/records.ts'
import { submitCommand } from '../../database/commands.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { startLeader } from '../webserver/leading-scheduler.ts'
import { seed } from '../webserver/seed.ts'

const ON_RUN = { dagId: 'sales', runId: 'scheduled__1' }
const TASKS = { upstream: false, downstream: false }
const FLAGS = { ...TASKS, onlyFailed: false, onlyRunning: false }

type Kind = CommandRequest['kind']
/** With the name in each place that a name has. */
const REQUESTS: { readonly [K in Kind]: (name: string) => readonly Extract<CommandRequest, { kind: K }>[] } = {
  trigger: (name) => [
    { kind: 'trigger', dagId: name },
    { kind: 'trigger', dagId: 'sales', runId: name },
    { kind: 'trigger', dagId: 'sales', note: name },
  ],
  compensate: (name) => [
    { kind: 'compensate', dagId: name, runId: 'scheduled__1' },
    { kind: 'compensate', dagId: 'sales', runId: name },
  ],
  redrive: (name) => [{ kind: 'redrive', letters: [{ tiId: 1, tryNumber: 1, dagId: name, runId: name }] }],
  'discard-letters': (name) => [
    { kind: 'discard-letters', letters: [{ tiId: 1, tryNumber: 1, dagId: name, runId: name }], reason: name },
  ],
  pause: (name) => [{ kind: 'pause', dagId: name }],
  unpause: (name) => [{ kind: 'unpause', dagId: name }],
  'set-pool': (name) => [
    { kind: 'set-pool', name, slots: 1 },
    { kind: 'set-pool', name: 'p', slots: 1, description: name },
  ],
  'delete-pool': (name) => [{ kind: 'delete-pool', name }],
  clear: (name) => [
    { kind: 'clear', dagId: name, runId: 'r', taskIds: [], ...FLAGS },
    { kind: 'clear', dagId: 'sales', runId: name, taskIds: [], ...FLAGS },
    { kind: 'clear', ...ON_RUN, taskIds: [name], ...FLAGS },
  ],
  mark: (name) => [
    { kind: 'mark', dagId: name, runId: 'r', taskIds: ['load'], state: 'failed', ...TASKS },
    { kind: 'mark', dagId: 'sales', runId: name, taskIds: ['load'], state: 'failed', ...TASKS },
    { kind: 'mark', ...ON_RUN, taskIds: [name], state: 'failed', ...TASKS },
  ],
  'mark-run': (name) => [
    { kind: 'mark-run', dagId: name, runId: 'r', state: 'failed' },
    { kind: 'mark-run', dagId: 'sales', runId: name, state: 'failed' },
  ],
  cancel: (name) => [
    { kind: 'cancel', dagId: name, runId: 'r' },
    { kind: 'cancel', dagId: 'sales', runId: name },
    { kind: 'cancel', ...ON_RUN, taskIds: [name] },
  ],
  note: (name) => [
    { kind: 'note', dagId: name, runId: 'r', note: null },
    { kind: 'note', dagId: 'sales', runId: name, note: null },
    { kind: 'note', ...ON_RUN, taskId: name, note: null },
    { kind: 'note', ...ON_RUN, note: name },
  ],
  'delete-run': (name) => [
    { kind: 'delete-run', dagId: name, runId: 'r' },
    { kind: 'delete-run', dagId: 'sales', runId: name },
  ],
  'delete-dag': (name) => [{ kind: 'delete-dag', dagId: name }],
  'set-variable': (name) => [
    { kind: 'set-variable', variables: [{ key: name, value: '', isSecret: false, description: null }] },
    { kind: 'set-variable', variables: [{ key: name, value: '', isSecret: false, description: null }], onlyNew: true },
    { kind: 'set-variable', variables: [{ key: 'k', value: name, isSecret: false, description: null }] },
    { kind: 'set-variable', variables: [{ key: 'k', value: '', isSecret: false, description: name }] },
  ],
  'delete-variable': (name) => [{ kind: 'delete-variable', key: name }],
  'set-connection': (name) => [
    { kind: 'set-connection', connections: [connection({ id: name })] },
    { kind: 'set-connection', connections: [connection({ host: name })] },
  ],
  'delete-connection': (name) => [{ kind: 'delete-connection', id: name }],
  // They name nothing.
  drain: () => [],
  resume: () => [],
}

function connection(over: { readonly id?: string; readonly host?: string }) {
  const plain = { id: 'c', type: 'http', description: null, host: null, schema: null, login: null, port: null }
  return { ...plain, ...over }
}

let database: TestDatabase
let leader: { stop(): Promise<void> }
const log: string[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database, true)
  leader = await startLeader(database, { log: (line) => log.push(line) })
})
afterAll(async () => {
  await leader.stop()
  await database.drop()
})

const epoch = async () => (await database.pool.query<{ epoch: number }>('select epoch from lease')).rows[0]!.epoch
const send = (request: CommandRequest) =>
  submitCommand(database.pool, request, { actor: 'user:anna', timeoutMs: 30_000 })

describe.each([
  ['a NUL', 'a\0b'],
  ['half of a character', 'a\ud800'],
])('%s in a name', (_what, name) => {
  it.each(Object.keys(REQUESTS) as Kind[])('%s is refused, and the scheduler goes on', async (kind) => {
    const before = await epoch()
    for (const request of REQUESTS[kind](name)) {
      const result = await send(request)
      if (result.status === 'answered' && result.answer.ok && request.kind === 'redrive') {
        // Letters are refused one by one.
        const { redriven, refused } = JSON.parse(result.answer.value) as { redriven: unknown[]; refused: unknown[] }
        expect([redriven.length, refused.length]).toEqual([0, request.letters.length])
        continue
      }
      expect(result, JSON.stringify(request)).toMatchObject({ status: 'answered', answer: { ok: false } })
      // Refused by what it is and not because the database would not have it.
      expect(result).not.toMatchObject({ answer: { code: 'command-failed' } })
    }
    expect(await send({ kind: 'pause', dagId: 'sales' })).toMatchObject({ answer: { ok: true } })
    expect(await epoch()).toBe(before)
    expect(log.filter((line) => /failed|isolated/.test(line))).toEqual([])
  })
})
