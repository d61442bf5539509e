/**
 * Correlation ids: the business id (an order number) by which people find a run and all it triggered. Given by the trigger,
 * else made from the Dag's template over the params, else inherited. A template is literal text with `{params.<path>}` in
 * it; `{{` and `}}` stand for braces.
 *
 * Invariant: an id that comes out of here is 1 to 200 characters that can be stored, shown and typed into a search box.
 */
import type { Json } from './json.ts'

/** What a template cannot be used for, as an import error tells it. */
export interface TemplateProblem {
  readonly message: string
  readonly remedy: string
}

export type Correlation =
  | { readonly ok: true; readonly id: string | null }
  | { readonly ok: false; readonly message: string }

const LONGEST_ID = 200
const LONGEST_TEMPLATE = 500
const EXAMPLE = 'write it like "order-{params.orderId}"; "{{" and "}}" stand for braces'
const NAME = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u

type Part = string | readonly string[]

/** The problem with a template, or `null`. With a schema of the params, fields that it does not have are a problem too. */
export function templateProblem(template: string, paramsSchema?: Json): TemplateProblem | null {
  const parts = parse(template)
  if (!Array.isArray(parts)) return parts as TemplateProblem
  for (const part of parts) {
    if (typeof part === 'string') continue
    const missing = missingField(part, paramsSchema)
    if (missing !== null) return missing
  }
  if (parts.every((part) => typeof part === 'string')) {
    return {
      message: `the correlation id "${template}" names no param, so every run of the Dag would have the same`,
      remedy: EXAMPLE,
    }
  }
  return null
}

/** `id: null` where a param it names has no value. A template that cannot be used gives `null` too: it was refused at parse. */
export function correlationOf(template: string, params: Json): Correlation {
  const parts = parse(template)
  if (!Array.isArray(parts)) return { ok: true, id: null }
  let id = ''
  for (const part of parts as readonly Part[]) {
    if (typeof part === 'string') {
      id += part
      continue
    }
    const value = valueAt(part, params)
    if (value === null) return { ok: true, id: null }
    if (typeof value === 'object') {
      const what = Array.isArray(value) ? 'a list' : 'an object'
      return {
        ok: false,
        message: `params.${part.join('.')} is ${what}; the correlation id "${template}" takes text or a number`,
      }
    }
    id += String(value)
  }
  const problem = correlationProblem(id)
  return problem === null ? { ok: true, id } : { ok: false, message: problem }
}

/** Why a text is no correlation id, or `null`. */
export function correlationProblem(id: string): string | null {
  return nameProblem('correlation id', id)
}

/** Why a text is no trigger key, or `null`. */
export function triggerKeyProblem(key: string): string | null {
  return nameProblem('trigger key', key)
}

function nameProblem(what: string, text: string): string | null {
  if (text === '') return `the ${what} is empty; leave it out, or give 1 to ${LONGEST_ID} characters`
  if (text.length > LONGEST_ID) return `the ${what} has ${text.length} characters; at most ${LONGEST_ID} are allowed`
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text)) {
    return `the ${what} ${JSON.stringify(text)} holds a control character or half of a character; take it out`
  }
  if (text.trim() !== text) return `the ${what} ${JSON.stringify(text)} begins or ends with a space; take it away`
  return null
}

/** Literal texts, and the paths (without `params`) between them. */
function parse(template: string): readonly Part[] | TemplateProblem {
  const bad = (why: string): TemplateProblem => ({
    message: `the correlation id ${JSON.stringify(template.slice(0, LONGEST_TEMPLATE))} ${why}`,
    remedy: EXAMPLE,
  })
  if (template.length > LONGEST_TEMPLATE) return bad(`has ${template.length} characters; at most ${LONGEST_TEMPLATE}`)
  const parts: Part[] = []
  let literal = ''
  let at = 0
  while (at < template.length) {
    const two = template.slice(at, at + 2)
    const character = template[at]!
    if (two === '{{' || two === '}}') {
      literal += character
      at += 2
    } else if (character === '}') return bad(`has a "}" at character ${at + 1} without a "{" before it`)
    else if (character === '{') {
      const end = template.indexOf('}', at)
      if (end < 0) return bad(`has a "{" at character ${at + 1} that is not closed`)
      const [root, ...path] = template
        .slice(at + 1, end)
        .trim()
        .split('.')
      if (root !== 'params' || path.length === 0 || !path.every((name) => NAME.test(name))) {
        return bad(`holds {${template.slice(at + 1, end)}}, which is no {params.<name>}`)
      }
      if (literal !== '') parts.push(literal)
      literal = ''
      parts.push(path)
      at = end + 1
    } else {
      literal += character
      at++
    }
  }
  if (literal !== '') parts.push(literal)
  const wrong = parts.find((part) => typeof part === 'string' && /[\p{Cc}\p{Cs}]/u.test(part))
  if (wrong !== undefined) return bad('holds a control character')
  if (parts.length === 0) return bad('is empty')
  return parts
}

function missingField(path: readonly string[], paramsSchema: Json | undefined): TemplateProblem | null {
  let schema: Json | undefined = paramsSchema
  for (const name of path) {
    if (!isObject(schema) || !isObject(schema.properties)) return null
    const { properties } = schema
    if (!Object.hasOwn(properties, name)) {
      const known = Object.keys(properties).slice(0, 5).join(', ')
      return {
        message: `the correlation id names {params.${path.join('.')}}, but the params of the Dag have no "${name}"`,
        remedy: known === '' ? `declare "${name}" in params` : `name one of: ${known}; or declare "${name}" in params`,
      }
    }
    schema = properties[name]
  }
  return null
}

function valueAt(path: readonly string[], params: Json): Json {
  let value: Json = params
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return null
    value = value[name] ?? null
  }
  return value
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
