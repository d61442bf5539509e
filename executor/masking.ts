/**
 * Secrets a child was given, replaced by `***` in all that leaves it from then on. One masker per child: what a later try
 * of the same child prints may stem from the earlier one. A secret is found as it is, URL-encoded, JSON-escaped, in
 * base64 (also inside a longer text, as in Basic auth) and line by line. Values shorter than 4 characters are not masked:
 * that would blot out half of every log.
 */
import type { Json } from '../core/json.ts'
import type { ConnectionRecord } from '../core/ports/worker-api.ts'

export const MASK = '***'
const MIN_SECRET = 4
/** Lines of a multi-line secret (a private key) shorter than this are not masked by themselves. */
const MIN_SECRET_LINE = 8
const MIN_INNER_BASE64 = 6

const SECRET_NAME = /pass|secret|token|key|credential|auth|private|signature|cert|dsn/i

export interface Masker {
  add(secret: string): void
  mask(text: string): string
  /** Masks JSON text and keeps it valid JSON. */
  maskJson(json: string): string
  maskValue(value: Json): Json
  /** Length of the longest text looked for: a cut must leave this much together. 0 while nothing is secret. */
  readonly longest: number
}

export function createMasker(): Masker {
  const known = new Set<string>()
  const patterns = new Set<string>()
  let finder: RegExp | null = null
  let longest = 0

  function mask(text: string): string {
    return finder === null ? text : text.replace(finder, MASK)
  }

  function maskValue(value: Json): Json {
    if (typeof value === 'string') return mask(value)
    if (typeof value === 'number') return known.has(String(value)) ? MASK : value
    if (value === null || typeof value === 'boolean') return value
    if (Array.isArray(value)) return value.map(maskValue)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [mask(key), maskValue(inner)]))
  }

  return {
    get longest() {
      return longest
    },
    add(secret) {
      if (secret.length < MIN_SECRET || known.has(secret)) return
      known.add(secret)
      for (const pattern of formsOf(secret)) patterns.add(pattern)
      const ordered = [...patterns].sort((a, b) => b.length - a.length)
      longest = ordered[0]?.length ?? 0
      finder = new RegExp(ordered.map(escapePattern).join('|'), 'g')
    },
    mask,
    maskValue,
    maskJson(json) {
      if (finder === null || mask(json) === json) return json
      return JSON.stringify(maskValue(JSON.parse(json) as Json))
    },
  }
}

/** The secrets of a connection: its password and what its `extra` holds under telling names. */
export function secretsOf(connection: ConnectionRecord): readonly string[] {
  const secrets: string[] = []
  if (connection.password !== null) secrets.push(connection.password)
  if (connection.extra !== null) {
    try {
      collectSecrets(JSON.parse(connection.extra) as Json, false, secrets)
    } catch {
      secrets.push(connection.extra)
    }
  }
  return secrets
}

function collectSecrets(value: Json, named: boolean, into: string[]): void {
  if (typeof value === 'string') {
    if (named) into.push(value)
  } else if (typeof value === 'number') {
    if (named) into.push(String(value))
  } else if (Array.isArray(value)) {
    for (const item of value) collectSecrets(item, named, into)
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) collectSecrets(item, named || SECRET_NAME.test(key), into)
  }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

function formsOf(secret: string): Set<string> {
  const forms = new Set<string>([secret])
  const add = (form: string) => {
    if (form.length >= MIN_SECRET) forms.add(form)
  }
  const lines = secret.split(/\r?\n/)
  if (lines.length > 1) {
    for (const line of lines) if (line.length >= MIN_SECRET_LINE && !line.startsWith('-----')) add(line)
  }
  for (const text of [...forms]) {
    const escaped = JSON.stringify(text).slice(1, -1)
    add(escaped)
    add(JSON.stringify(escaped).slice(1, -1))
    add(text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n'))
    const url = encodeURIComponent(text.toWellFormed())
    const strict = url.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    for (const form of [url, strict, strict.replaceAll('%20', '+')]) {
      add(form)
      add(form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))
    }
    for (const form of base64Forms(text)) {
      add(form)
      add(form.replaceAll('+', '-').replaceAll('/', '_'))
    }
  }
  return forms
}

/**
 * Base64 of the secret alone, and the characters it surely yields inside a longer text at each of the three alignments
 * (the first and last character may share bits with a neighbour and are left out).
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  const alone = bytes.toString('base64')
  const forms = [alone, alone.replace(/=+$/, '')]
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const whole = Math.floor((padded.length * 8) / 6)
    const inner = padded.toString('base64').slice(Math.ceil((before * 8) / 6), whole)
    if (inner.length >= MIN_INNER_BASE64) forms.push(inner)
  }
  return forms
}
