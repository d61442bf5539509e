/**
 * The arguments of a handler from their bindings: literals, upstream return values, params. What is missing is `null`. The
 * worker calls the handler with them, the web server shows them.
 */
import type { Json } from './json.ts'
import type { InputBinding } from './serialized-dag.ts'

export interface InputSources {
  /** JSON text by upstream task id. */
  readonly values: Readonly<Record<string, string | null>>
  readonly params: Json
}

/** Each use of an upstream's value is a copy of its own: a handler may change what it is given. */
export function resolveBinding(binding: InputBinding, from: InputSources): Json {
  switch (binding.kind) {
    case 'literal':
      return binding.value
    case 'xcom': {
      const json = from.values[binding.taskId]
      return json === undefined || json === null ? null : (JSON.parse(json) as Json)
    }
    case 'param': {
      const { params } = from
      if (params === null || typeof params !== 'object' || Array.isArray(params)) return null
      return Object.hasOwn(params, binding.name) ? (params[binding.name] ?? null) : null
    }
    case 'list':
      return binding.items.map((item) => resolveBinding(item, from))
    case 'object':
      return resolveInputs(binding.fields, from)
  }
}

export function resolveInputs(
  bindings: Readonly<Record<string, InputBinding>>,
  from: InputSources,
): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(bindings).map(([name, binding]) => [name, resolveBinding(binding, from)]))
}
