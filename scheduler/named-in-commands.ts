/** Commands may name what memory does not hold: variables, connections, the runs of a Dag to delete. */
import type { SchedulerEvent } from '../core/engine/events.ts'
import type { Wanted } from '../core/ports/store.ts'

/** `null`: nothing has to be looked up, as for nearly every tick. */
export function namesIn(events: readonly SchedulerEvent[]): Wanted | null {
  const variables = new Set<string>()
  const connections = new Set<string>()
  const doomedDags = new Set<string>()
  for (const event of events) {
    if (event.type !== 'command') continue
    const { request } = event.command
    switch (request.kind) {
      case 'set-variable':
        for (const { key } of request.variables) variables.add(key)
        break
      case 'delete-variable':
        variables.add(request.key)
        break
      case 'set-connection':
        for (const { id } of request.connections) connections.add(id)
        break
      case 'delete-connection':
        connections.add(request.id)
        break
      case 'delete-dag':
        doomedDags.add(request.dagId)
        break
    }
  }
  if (variables.size + connections.size + doomedDags.size === 0) return null
  return { variables: [...variables], connections: [...connections], doomedDags: [...doomedDags] }
}
