/**
 * Variables and connections: made, replaced and deleted by commands, so that each change has its order, its answer and its
 * event. Invariant: no value is in an answer, an event or a message; secret ones came here encrypted.
 */
import {
  type CommandAnswer,
  type CommandRecord,
  type CommandRequest,
  MOST_VALUES,
  type StoredConnection,
  type StoredVariable,
} from '../records.ts'
import { isStorable } from '../storable-text.ts'
import { accept, refuse } from './answers.ts'
import type { Draft } from './draft.ts'
import type { Overlay } from './rare-writes.ts'

type Of<Kind extends CommandRequest['kind']> = Extract<CommandRequest, { kind: Kind }>
export type ValueCommand = Of<'set-variable' | 'delete-variable' | 'set-connection' | 'delete-connection'>

const CODES = {
  variable: { bad: 'bad-variable', exists: 'variable-exists', missing: 'variable-not-found' },
  connection: { bad: 'bad-connection', exists: 'connection-exists', missing: 'connection-not-found' },
} as const

export function takeValueCommand(draft: Draft, { actor }: CommandRecord, request: ValueCommand): CommandAnswer {
  const { variables, connections } = draft.rare
  switch (request.kind) {
    case 'set-variable': {
      const rows = request.variables
      const problem = problemOf('variable', variables, rows, (row) => row.key, request.onlyNew)
      if (problem !== null) return problem
      for (const row of rows) {
        variables.change(row.key, row)
        draft.event({ kind: 'variable.set', actor, cause: row.isSecret ? `${row.key} (secret)` : row.key })
      }
      draft.rows += rows.length
      return accept({ keys: rows.map((row) => row.key) })
    }
    case 'set-connection': {
      const rows = request.connections
      const problem = problemOf('connection', connections, rows, (row) => row.id, request.onlyNew)
      if (problem !== null) return problem
      for (const row of rows) {
        // A secret that is left out is as it was: as an earlier command of this tick set it, or as it is stored.
        const earlier = connections.changed(row.id)
        connections.change(row.id, earlier === null ? forgotten(row) : { ...kept(earlier), ...row })
        draft.event({ kind: 'connection.set', actor, cause: row.id })
      }
      draft.rows += rows.length
      return accept({ ids: rows.map((row) => row.id) })
    }
    case 'delete-variable':
      return remove(draft, actor, 'variable', variables, request.key)
    case 'delete-connection':
      return remove(draft, actor, 'connection', connections, request.id)
  }
}

/** The request as it is kept once it is answered: names, no values. */
export function withoutValues(request: CommandRequest): string | undefined {
  switch (request.kind) {
    case 'set-variable':
      return JSON.stringify({ kind: request.kind, variables: request.variables.map(({ key }) => ({ key })) })
    case 'set-connection':
      return JSON.stringify({ kind: request.kind, connections: request.connections.map(({ id }) => ({ id })) })
    default:
      return undefined
  }
}

function remove(
  draft: Draft,
  actor: string,
  what: 'variable' | 'connection',
  rows: Overlay<StoredVariable> | Overlay<StoredConnection>,
  name: string,
): CommandAnswer {
  if (!rows.has(name))
    return refuse(CODES[what].missing, `there is no ${what} "${name}"; see \`tradewind ${what}s list\``)
  rows.change(name, null)
  draft.rows++
  draft.event({ kind: `${what}.deleted`, actor, cause: name })
  return accept({ name })
}

function problemOf<Row extends StoredVariable | StoredConnection>(
  what: 'variable' | 'connection',
  known: Overlay<Row>,
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  onlyNew: boolean | undefined,
): CommandAnswer | null {
  if (rows.length > MOST_VALUES) {
    return refuse(CODES[what].bad, `${rows.length} ${what}s in one command; send at most ${MOST_VALUES} at once`)
  }
  const names = new Set<string>()
  for (const row of rows) {
    const name = nameOf(row)
    if (!isName(name)) {
      return refuse(
        `bad-${what}`,
        `"${name}" is no name of a ${what}: use 1 to 250 characters, none of them a control character or half of one`,
      )
    }
    if (Object.values(row).some((value) => typeof value === 'string' && !isStorable(value))) {
      return refuse(CODES[what].bad, `${what} "${name}" holds a NUL or half of a character; take it out`)
    }
    if (names.has(name)) return refuse(CODES[what].bad, `${what} "${name}" is given twice; give it once`)
    if (onlyNew === true && known.has(name)) return refuse(CODES[what].exists, `there is a ${what} "${name}" already`)
    names.add(name)
  }
  return null
}

function isName(name: string): boolean {
  return name.length >= 1 && name.length <= 250 && isStorable(name) && [...name].every((character) => character >= ' ')
}

function kept(earlier: StoredConnection | undefined): Pick<StoredConnection, 'password' | 'extra'> {
  if (earlier === undefined) return {}
  const { password, extra } = earlier
  return { ...(password === undefined ? {} : { password }), ...(extra === undefined ? {} : { extra }) }
}

/** Deleted and made anew in one tick: nothing of the old one is left. */
function forgotten(row: StoredConnection): StoredConnection {
  return { ...row, password: row.password ?? null, extra: row.extra ?? null }
}
