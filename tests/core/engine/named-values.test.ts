import { describe, expect, it } from 'vitest'
import type { CommandRequest, StoredConnection, StoredVariable } from '../../../core/records.ts'
import { MOST_VALUES } from '../../../core/records.ts'
import { Engine } from './harness.ts'

const variable = (key: string, over: Partial<StoredVariable> = {}): StoredVariable => ({
  key,
  value: 'eu',
  isSecret: false,
  description: null,
  ...over,
})
const connection = (id: string, over: Partial<StoredConnection> = {}): StoredConnection => ({
  id,
  type: 'postgres',
  description: null,
  host: 'db',
  schema: null,
  login: null,
  port: null,
  ...over,
})

/** Commands of one tick, in order. */
function send(engine: Engine, ...requests: CommandRequest[]) {
  const ids = requests.map((request) => engine.tables.submit(request, 'user:anna', engine.now))
  const found = engine.tables.lookUp({
    variables: requests.flatMap((one) =>
      one.kind === 'set-variable'
        ? one.variables.map(({ key }) => key)
        : one.kind === 'delete-variable'
          ? [one.key]
          : [],
    ),
    connections: requests.flatMap((one) =>
      one.kind === 'set-connection'
        ? one.connections.map(({ id }) => id)
        : one.kind === 'delete-connection'
          ? [one.id]
          : [],
    ),
    doomedDags: [],
  })
  const events = ids.map((id) => ({ type: 'command' as const, command: engine.tables.commands.get(id)!.record }))
  engine.tick(events, { found })
  return ids.map((id) => engine.tables.commands.get(id)!.answer!)
}

const history = (engine: Engine) => engine.tables.events.map(({ kind, actor, cause }) => `${kind} ${actor} ${cause}`)

describe('variables and connections', () => {
  it('are set, replaced and deleted, each with an event that names it and holds no value', () => {
    const engine = new Engine()
    send(engine, {
      kind: 'set-variable',
      variables: [
        variable('region', { value: 'eu-secret-place' }),
        variable('token', { value: 'v1:sealed', isSecret: true }),
      ],
    })
    send(engine, { kind: 'set-variable', variables: [variable('region', { value: 'us' })] })
    const answers = send(engine, { kind: 'delete-variable', key: 'token' }, { kind: 'delete-variable', key: 'token' })
    expect(answers).toMatchObject([{ ok: true }, { ok: false, code: 'variable-not-found' }])
    expect([...engine.tables.variables.values()]).toEqual([variable('region', { value: 'us' })])
    expect(history(engine)).toEqual([
      'variable.set user:anna region',
      'variable.set user:anna token (secret)',
      'command.accepted user:anna set-variable region, token',
      'variable.set user:anna region',
      'command.accepted user:anna set-variable region',
      'variable.deleted user:anna token',
      'command.accepted user:anna delete-variable token',
      expect.stringMatching(/^command.refused user:anna delete-variable: there is no variable "token"/),
    ])
    const kept = JSON.stringify([engine.tables.events, [...engine.tables.commands.values()]])
    expect(kept).not.toMatch(/eu-secret-place|sealed/)
  })

  it('only new ones are refused when one is there, all or none', () => {
    const engine = new Engine()
    const first = { kind: 'set-variable', variables: [variable('a')], onlyNew: true } as const
    const second = { kind: 'set-variable', variables: [variable('b'), variable('a')], onlyNew: true } as const
    expect(send(engine, first, second)).toMatchObject([{ ok: true }, { code: 'variable-exists' }])
    expect([...engine.tables.variables.keys()]).toEqual(['a'])
    expect(send(engine, first)).toMatchObject([{ code: 'variable-exists' }])
  })

  it('a secret of a connection that is left out stays, within a tick and across ticks', () => {
    const engine = new Engine()
    const set = (over: Partial<StoredConnection>): CommandRequest => ({
      kind: 'set-connection',
      connections: [connection('dwh', over)],
    })
    send(engine, set({ password: 'v1:p' }), set({ host: 'db2', extra: 'v1:e' }))
    expect(engine.tables.connections.get('dwh')).toMatchObject({ host: 'db2', password: 'v1:p', extra: 'v1:e' })
    send(engine, set({ host: 'db3' }))
    expect(engine.tables.connections.get('dwh')).toMatchObject({ host: 'db3', password: 'v1:p', extra: 'v1:e' })
    send(engine, { kind: 'delete-connection', id: 'dwh' }, set({}))
    expect(engine.tables.connections.get('dwh')).toMatchObject({ host: 'db', password: null, extra: null })
    send(engine, set({ password: 'v1:q' }), { kind: 'delete-connection', id: 'dwh' })
    expect(engine.tables.connections.size).toBe(0)
  })

  it.each([
    ['no name', { kind: 'set-variable', variables: [variable('')] }, 'bad-variable'],
    [
      'a control character in the name',
      { kind: 'set-connection', connections: [connection('a\nb')] },
      'bad-connection',
    ],
    ['NUL in the value', { kind: 'set-variable', variables: [variable('a', { value: 'x\0y' })] }, 'bad-variable'],
    ['one name twice', { kind: 'set-variable', variables: [variable('a'), variable('a')] }, 'bad-variable'],
    [
      'too many',
      { kind: 'set-variable', variables: Array.from({ length: MOST_VALUES + 1 }, (_, i) => variable(`k${i}`)) },
      'bad-variable',
    ],
    ['a connection that is not there', { kind: 'delete-connection', id: 'none' }, 'connection-not-found'],
  ] satisfies [string, CommandRequest, string][])('refuses %s', (_what, request, code) => {
    const engine = new Engine()
    expect(send(engine, request)).toMatchObject([{ ok: false, code }])
    expect(engine.tables.variables.size + engine.tables.connections.size).toBe(0)
  })
})
