/**
 * The kinds of value a setting can have: how text or JSON becomes the value, what is refused and why, and how it is
 * shown. A kind is the same for the file, the environment and a flag. Problems name the value and what is allowed.
 */

/** What defaults may depend on. */
export interface Machine {
  readonly cores: number
}

export interface Setting<T> {
  readonly type: string
  readonly description: string
  /** What is allowed, in words; empty when everything of the type is. */
  readonly allowed: string
  /** The default in words, for the page. */
  readonly defaultText: string
  /** Set where the name is not derived from the key. */
  readonly env?: string
  /** The key it had before, which is still read, with a warning. */
  readonly formerly?: string
  /** Never shown; handed over to the program outside its environment. */
  readonly secret: boolean
  standard(machine: Machine): T
  /** Throws an `Error` whose message continues «... is <value>: ». */
  parse(raw: unknown): T
  show(value: T): string
}

interface Common<T> {
  readonly description: string
  readonly default: T | ((machine: Machine) => T)
  /** Needed when the default is computed. */
  readonly defaultText?: string
  readonly env?: string
  readonly formerly?: string
  readonly secret?: boolean
}

interface Bounds {
  readonly min: number
  readonly max: number
}

function make<T>(
  common: Common<T>,
  kind: { type: string; allowed: string; parse(raw: unknown): T; show(value: T): string },
): Setting<T> {
  const given = common.default
  const standard = typeof given === 'function' ? (given as (machine: Machine) => T) : () => given
  return {
    ...kind,
    description: common.description,
    defaultText: common.defaultText ?? kind.show(standard({ cores: 1 })),
    secret: common.secret ?? false,
    standard,
    ...(common.env === undefined ? {} : { env: common.env }),
    ...(common.formerly === undefined ? {} : { formerly: common.formerly }),
  }
}

function asText(raw: unknown): string {
  if (typeof raw !== 'string' || raw.trim() === '') throw new Error('expected a text that is not empty')
  return raw.trim()
}

function asNumber(raw: unknown, bounds: Bounds, whole: boolean, unit = ''): number {
  const value = typeof raw === 'number' ? raw : typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : Number.NaN
  const expected = `expected a ${whole ? 'whole ' : ''}number from ${bounds.min}${unit} to ${bounds.max}${unit}`
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) throw new Error(expected)
  if (value < bounds.min || value > bounds.max) throw new Error(expected)
  return value
}

export function text(common: Common<string>): Setting<string> {
  return make(common, { type: 'text', allowed: '', parse: asText, show: (value) => value })
}

/** A file or folder; relative ones are taken from the working directory by the program. */
export function path(common: Common<string>): Setting<string> {
  return make(common, { type: 'path', allowed: '', parse: asText, show: (value) => value })
}

/** Text that may be left out. */
export function optionalText(common: Omit<Common<string | null>, 'default'>): Setting<string | null> {
  return make<string | null>(
    { ...common, default: null, defaultText: common.defaultText ?? 'none' },
    {
      type: 'text',
      allowed: '',
      parse: (raw) => (raw === null || raw === '' ? null : asText(raw)),
      show: (value) => value ?? '',
    },
  )
}

export function integer(common: Common<number> & Bounds): Setting<number> {
  return make(common, {
    type: 'whole number',
    allowed: `${common.min} to ${common.max}`,
    parse: (raw) => asNumber(raw, common, true),
    show: String,
  })
}

/** A whole number that may be left out; what then holds stands in `defaultText`. */
export function optionalInteger(common: Omit<Common<number | null>, 'default'> & Bounds): Setting<number | null> {
  return make<number | null>(
    { ...common, default: null, defaultText: common.defaultText ?? 'none' },
    {
      type: 'whole number',
      allowed: `${common.min} to ${common.max}`,
      parse: (raw) => (raw === null || raw === '' ? null : asNumber(raw, common, true)),
      show: (value) => (value === null ? '' : String(value)),
    },
  )
}

export function decimal(common: Common<number> & Bounds): Setting<number> {
  return make(common, {
    type: 'number',
    allowed: `${common.min} to ${common.max}`,
    parse: (raw) => asNumber(raw, common, false),
    show: String,
  })
}

const YES = new Set(['true', 'yes', 'on', '1'])
const NO = new Set(['false', 'no', 'off', '0'])

export function yesNo(common: Common<boolean>): Setting<boolean> {
  return make(common, {
    type: 'true or false',
    allowed: '',
    parse: (raw) => {
      if (typeof raw === 'boolean') return raw
      const word = typeof raw === 'string' ? raw.trim().toLowerCase() : ''
      if (YES.has(word)) return true
      if (NO.has(word)) return false
      throw new Error('expected true or false')
    },
    show: String,
  })
}

export function choice<const C extends string>(common: Common<C> & { readonly choices: readonly C[] }): Setting<C> {
  return make(common, {
    type: 'word',
    allowed: common.choices.join(' or '),
    parse: (raw) => {
      const found = common.choices.find((word) => word === raw)
      if (found === undefined) throw new Error(`expected ${common.choices.join(' or ')}`)
      return found
    },
    show: (value) => value,
  })
}

/**
 * What has one value that can be supported: it is shown with the others, and any other value is refused with the reason.
 * `same`: words for the same thing, alone or several of them.
 */
export function onlyOne<const C extends string>(
  common: Common<C> & { readonly default: C; readonly same: readonly string[]; readonly why: string },
): Setting<C> {
  const words = new Set(common.same)
  return make(common, {
    type: 'word',
    allowed: `only \`${common.default}\``,
    parse: (raw) => {
      if (raw === common.default) return common.default
      const given: unknown = typeof raw === 'string' ? raw.split(/\s*[,+]\s*/) : raw
      if (Array.isArray(given) && given.length > 0 && given.every((word) => words.has(String(word)))) {
        return common.default
      }
      throw new Error(`only "${common.default}" is supported: ${common.why}`)
    },
    show: (value) => value,
  })
}

/** A list of names: JSON array in the file, commas in the environment. */
export function list(common: Common<readonly string[]>): Setting<readonly string[]> {
  return make(common, {
    type: 'list',
    allowed: 'commas between names; a JSON array in the file',
    parse: (raw) => {
      if (typeof raw === 'string') {
        return raw
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      }
      if (!Array.isArray(raw)) throw new Error('expected a list')
      return raw.map(asText)
    },
    show: (value) => value.join(', '),
  })
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
}

function durationMs(raw: unknown): number {
  if (typeof raw === 'number') return raw * 1_000
  const match = typeof raw === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(raw) : null
  const unit = match === null ? undefined : UNITS[match[2] === '' ? 's' : match[2]!.toLowerCase()]
  if (match === null || unit === undefined) throw new Error('expected a duration such as 30 s, 5 min, 2 hours')
  return Number(match[1]) * unit
}

/** `90000` as `90 s`, `300000` as `5 min`. */
export function showDuration(ms: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ]
  for (const [size, unit] of steps) if (ms >= size && ms % size === 0) return `${ms / size} ${unit}`
  return `${ms} ms`
}

/** Kept in milliseconds; a bare number means seconds, as everywhere in the SDK. `min` and `max` are milliseconds. */
export function duration(common: Common<number> & Bounds): Setting<number> {
  const allowed = `${showDuration(common.min)} to ${showDuration(common.max)}`
  return make(common, {
    type: 'duration',
    allowed,
    parse: (raw) => {
      const ms = Math.round(durationMs(raw))
      if (ms < common.min || ms > common.max) throw new Error(`expected a duration from ${allowed}`)
      return ms
    },
    show: showDuration,
  })
}
