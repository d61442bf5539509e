/** What the address of the dead letters page says: which of its two views, and the filters in the API's names. */
import type { LetterFilter } from '../data/letters.ts'

const NAMES = ['status', 'dag', 'task', 'order', 'text', 'kind', 'run', 'print', 'from', 'to'] as const

export type LetterSearch = { readonly view?: 'letters' } & { readonly [name in (typeof NAMES)[number]]?: string }

export function readLetterSearch(text: (value: unknown) => string | undefined) {
  return (search: Readonly<Record<string, unknown>>): LetterSearch => {
    const found = NAMES.flatMap((name) => {
      const value = text(search[name])
      return value === undefined ? [] : [[name, value] as const]
    })
    return { ...(search.view === 'letters' ? { view: 'letters' as const } : {}), ...Object.fromEntries(found) }
  }
}

const API_NAMES: Readonly<Record<string, keyof LetterFilter>> = {
  dag: 'dag_id',
  run: 'dag_run_id',
  task: 'task_id',
  kind: 'kind',
  print: 'fingerprint',
  order: 'correlation_id',
  text: 'text',
  from: 'at_gte',
  to: 'at_lte',
}

export function filterOf(search: LetterSearch): LetterFilter {
  return Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) => {
      const api = API_NAMES[name]
      return api === undefined ? [] : [[api, value]]
    }),
  )
}

export function statusesOf({ status = 'open' }: LetterSearch): readonly string[] {
  return status === 'all' ? ['open', 'redriven', 'discarded'] : [status]
}
