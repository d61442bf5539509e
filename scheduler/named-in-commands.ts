/** Commands may name what memory does not hold: variables, connections, dead letters, trigger keys, runs. */
import type { SchedulerEvent } from '../core/engine/events.ts'
import type { TryKey } from '../core/ids.ts'
import type { RunName, Wanted } from '../core/ports/store.ts'
import { type CommandRecord, MOST_LETTERS } from '../core/records.ts'

/** `null`: nothing has to be looked up, as for nearly every tick. */
export function namesIn(events: readonly SchedulerEvent[]): Wanted | null {
  const variables = new Set<string>()
  const connections = new Set<string>()
  const doomedDags = new Set<string>()
  const letters: TryKey[] = []
  const triggerKeys: { dagId: string; key: string }[] = []
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
      case 'redrive':
      case 'discard-letters':
        for (const { tiId, tryNumber } of request.letters.slice(0, MOST_LETTERS)) letters.push({ tiId, tryNumber })
        break
      case 'trigger':
        if (request.triggerKey !== undefined) triggerKeys.push({ dagId: request.dagId, key: request.triggerKey })
        break
    }
  }
  const named = variables.size + connections.size + doomedDags.size + letters.length + triggerKeys.length
  if (named === 0) return null
  return {
    variables: [...variables],
    connections: [...connections],
    doomedDags: [...doomedDags],
    letters,
    triggerKeys,
  }
}

/** Most runs that the commands of one tick may name: each is read with all its TIs. */
const MOST_RUNS = 500

/** Runs that commands name, in whatever state. */
export function runsNamedIn(events: readonly SchedulerEvent[]): RunName[] {
  return events.flatMap((event) => (event.type === 'command' ? runsNamedBy(event.command) : []))
}

/** As many of the commands, from the first on, as one tick can read the runs of. */
export function withinOneTick(commands: readonly CommandRecord[]): readonly CommandRecord[] {
  let runs = 0
  const end = commands.findIndex((command, i) => {
    runs += runsNamedBy(command).length
    return i > 0 && runs > MOST_RUNS
  })
  return end < 0 ? commands : commands.slice(0, end)
}

function runsNamedBy({ request }: CommandRecord): readonly RunName[] {
  if (request.kind === 'redrive') {
    const runs = new Map(
      request.letters
        .slice(0, MOST_LETTERS)
        .map(({ dagId, runId }) => [JSON.stringify([dagId, runId]), { dagId, runId }]),
    )
    return [...runs.values()]
  }
  return 'runId' in request && request.runId !== undefined ? [{ dagId: request.dagId, runId: request.runId }] : []
}
