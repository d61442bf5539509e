/** A command in one line, for its event: what it names, never a value that it sets. */
import type { CommandRequest } from '../records.ts'

/** Names beyond these are only counted: a clear may name thousands of tasks. */
const MOST_NAMES = 5
const LONGEST = 500

export function commandText(request: CommandRequest): string {
  const text = `${request.kind} ${objectOf(request)}`.trimEnd()
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

function objectOf(request: CommandRequest): string {
  switch (request.kind) {
    case 'trigger':
      return named([request.dagId, request.runId, request.correlationId])
    case 'pause':
    case 'unpause':
    case 'delete-dag':
      return request.dagId
    case 'clear': {
      const { taskIds, upstream, downstream, onlyFailed, onlyRunning, newKeys, newest } = request
      const how = flags({ upstream, downstream, onlyFailed, onlyRunning, newKeys, newest })
      return `${tasks(taskIds)}${how} of ${request.runId}`
    }
    case 'mark': {
      const { taskIds, upstream, downstream } = request
      return `${tasks(taskIds)}${flags({ upstream, downstream })} of ${request.runId} as ${request.state}`
    }
    case 'mark-run':
      return `${request.runId} as ${request.state}`
    case 'cancel': {
      const how = flags({ withoutCompensation: request.withoutCompensation })
      return request.taskIds === undefined ? `${request.runId}${how}` : `${tasks(request.taskIds)} of ${request.runId}`
    }
    case 'compensate':
      return `${tasks(request.taskIds ?? [])} of ${request.runId}`
    case 'redrive':
    case 'discard-letters': {
      const letters = request.letters.map(({ tiId, tryNumber }) => `${tiId}-${tryNumber}`)
      return named(letters) + (request.kind === 'redrive' ? flags(request) : `: ${request.reason}`)
    }
    case 'note':
      return request.taskId === undefined ? request.runId : `${request.taskId} of ${request.runId}`
    case 'delete-run':
      return request.runId
    case 'set-pool':
      return `${request.name} to ${request.slots} slots`
    case 'delete-pool':
      return request.name
    case 'set-variable':
      return named(request.variables.map(({ key }) => key))
    case 'delete-variable':
      return request.key
    case 'set-connection':
      return named(request.connections.map(({ id }) => id))
    case 'delete-connection':
      return request.id
    case 'drain':
    case 'resume':
      return ''
  }
}

function tasks(ids: readonly string[]): string {
  return ids.length === 0 ? 'all tasks' : named(ids)
}

function named(names: readonly (string | undefined)[]): string {
  const all = names.filter((name) => name !== undefined)
  const some = all.slice(0, MOST_NAMES).join(', ')
  return all.length > MOST_NAMES ? `${some} and ${all.length - MOST_NAMES} more` : some
}

/** ` (upstream, only failed)` */
function flags(options: object): string {
  const set = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)] : [],
  )
  return set.length === 0 ? '' : ` (${set.join(', ')})`
}
