/**
 * Arguments of a task from their bindings, for a person to look at: what is large is cut, and says so.
 */
import type { Json } from '../core/json.ts'
import { resolveBinding } from '../core/resolve-inputs.ts'
import type { InputBinding, SerializedTask } from '../core/serialized-dag.ts'
import type { UpstreamValue } from '../database/queries/input-tries.ts'

/** Of one argument; more is cut. */
export const MOST_BYTES = 64 * 1024

export interface ShownInput {
  readonly name: string
  readonly sources: string[]
  readonly value: unknown
  readonly bytes: number
  readonly truncated: boolean
  /** What a large one begins with, as JSON text. */
  readonly start: string | null
}

/** Ids of the tasks whose results the arguments are. */
export function upstreamsOf(task: SerializedTask): readonly string[] {
  const sources = Object.values(bindingsOf(task)).flatMap(sourcesOf)
  return [...new Set(sources.flatMap((one) => (one.startsWith('task:') ? [one.slice('task:'.length)] : [])))]
}

export function inputsOf(task: SerializedTask, conf: string, upstream: readonly UpstreamValue[]): ShownInput[] {
  const params = JSON.parse(conf) as Json
  const found = new Map(upstream.map((one) => [one.taskId, one]))
  const values = Object.fromEntries(upstream.map((one) => [one.taskId, one.json]))
  return Object.entries(bindingsOf(task)).map(([name, binding]) => {
    const sources = [...new Set(sourcesOf(binding))]
    const large = sources.flatMap((source) => {
      const one = source.startsWith('task:') ? found.get(source.slice('task:'.length)) : undefined
      return one?.start != null ? [one] : []
    })
    if (large.length > 0) {
      const bytes = large.reduce((sum, one) => sum + (one.bytes ?? 0), 0)
      return { name, sources, value: null, bytes, truncated: true, start: large[0]!.start }
    }
    const value = resolveBinding(binding, { values, params })
    const json = JSON.stringify(value)
    const bytes = Buffer.byteLength(json)
    if (bytes <= MOST_BYTES) return { name, sources, value, bytes, truncated: false, start: null }
    return { name, sources, value: null, bytes, truncated: true, start: json.slice(0, 2_000) }
  })
}

/** A `triggerDagRun` task has the conf of the run it makes. */
function bindingsOf({ inputs, trigger }: SerializedTask): Readonly<Record<string, InputBinding>> {
  return trigger?.conf === undefined ? inputs : { ...inputs, conf: trigger.conf }
}

function sourcesOf(binding: InputBinding): string[] {
  switch (binding.kind) {
    case 'literal':
      return []
    case 'xcom':
      return [`task:${binding.taskId}`]
    case 'param':
      return [`param:${binding.name}`]
    case 'list':
      return binding.items.flatMap(sourcesOf)
    case 'object':
      return Object.values(binding.fields).flatMap(sourcesOf)
  }
}
