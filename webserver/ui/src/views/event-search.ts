/** What the address of the event log says: its filters, and by what events are counted. */
import type { EventFilter } from '../data/event-log.ts'

const NAMES = ['order', 'dag', 'run', 'task', 'event', 'state', 'by', 'from', 'to', 'count'] as const

export type EventSearch = { readonly [name in (typeof NAMES)[number]]?: string }

export function readEventSearch(text: (value: unknown) => string | undefined) {
  return (search: Readonly<Record<string, unknown>>): EventSearch =>
    Object.fromEntries(
      NAMES.flatMap((name) => {
        const value = text(search[name])
        return value === undefined ? [] : [[name, value] as const]
      }),
    )
}

/** Several kinds or states are parted by spaces or commas. */
const several = (value: string) => value.split(/[\s,]+/).filter((one) => one !== '')

export function eventFilterOf({ order, dag, run, task, event, state, by, from, to }: EventSearch): EventFilter {
  return {
    ...(order === undefined ? {} : { correlation_id: order }),
    ...(dag === undefined ? {} : { dag_id: dag }),
    ...(run === undefined ? {} : { run_id: run }),
    ...(task === undefined ? {} : { task_id: task }),
    ...(event === undefined ? {} : { event: several(event) }),
    ...(state === undefined ? {} : { state: several(state) }),
    ...(by === undefined ? {} : { owner: by }),
    ...(from === undefined ? {} : { after: from }),
    ...(to === undefined ? {} : { before: to }),
  }
}
