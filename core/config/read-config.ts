/**
 * Turns a config file, the environment and flags into a checked configuration: flags over environment over file over
 * defaults. All problems are reported at once; a name that is not known is one of them, with the nearest known one.
 * Pure: what is read comes as parameters.
 */
import { didYouMean } from './nearest-name.ts'
import { type Config, environmentName, FORMER_NAMES, SETTING_KEYS, type SettingKey, settingOf } from './schema.ts'
import type { Machine } from './setting-kinds.ts'

export type Source = 'default' | 'file' | 'environment' | 'flag'

export interface LoadedConfig {
  readonly config: Config
  /** Where each value came from. */
  readonly sources: Readonly<Record<SettingKey, Source>>
  /** Former names that were used: what holds, and what to write instead. */
  readonly warnings: readonly string[]
}

export interface ConfigInput {
  /** The parsed config file and its name for messages, when there is one. */
  readonly file?: { readonly name: string; readonly content: unknown }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: Partial<Readonly<Record<SettingKey, unknown>>>
  readonly machine: Machine
}

/** One message, a line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Not settings: the tests' own variables and what child processes are told. */
const FOREIGN_PREFIXES = ['TRADEWIND_TEST_', 'TRADEWIND_CHILD']

const KEYS: ReadonlySet<string> = new Set(SETTING_KEYS)

/** `{ dags: { folder: 'x' } }` and `{ 'dags.folder': 'x' }` both give `dags.folder`. */
function flatten(content: object, prefix: string, into: Map<string, unknown>): void {
  for (const [name, value] of Object.entries(content)) {
    const key = prefix === '' ? name : `${prefix}.${name}`
    if (
      !KEYS.has(key) &&
      !FORMER_NAMES.has(key) &&
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value)
    ) {
      flatten(value, key, into)
    } else {
      into.set(key, value)
    }
  }
}

function shown(raw: unknown, secret: boolean): string {
  return secret ? '***' : (JSON.stringify(raw) ?? String(raw))
}

/** Throws `ConfigError` with every problem found. */
export function readConfig(input: ConfigInput): LoadedConfig {
  const problems: string[] = []
  const values: Partial<Record<SettingKey, unknown>> = {}
  const sources: Partial<Record<SettingKey, Source>> = {}
  const warnings: string[] = []

  const take = (key: SettingKey, raw: unknown, source: Source, called: string): void => {
    const setting = settingOf(key)
    try {
      values[key] = setting.parse(raw)
      sources[key] = source
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      problems.push(
        `${called} is ${shown(raw, setting.secret)}: ${why} (${setting.type}; default: ${setting.defaultText}).`,
      )
    }
  }

  /** By a former name: the value holds unless the present one is given in the same place. */
  const takeFormer = (key: SettingKey, raw: unknown, source: Source, names: { old: string; now: string }): void => {
    const isBeside = sources[key] === source
    const effect = isBeside ? `is left out: "${names.now}" is given, too` : `is called "${names.now}" now`
    const place = source === 'file' ? ` in ${input.file?.name}` : ' in the environment'
    warnings.push(`"${names.old}"${place} ${effect}. ${isBeside ? 'Remove it.' : 'Rename it.'}`)
    if (!isBeside) take(key, raw, source, `"${names.old}"${place}`)
  }

  for (const key of SETTING_KEYS) {
    values[key] = settingOf(key).standard(input.machine)
    sources[key] = 'default'
  }

  if (input.file !== undefined) {
    const { name, content } = input.file
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      problems.push(`${name} must hold one JSON object, such as { "dags": { "folder": "./dags" } }.`)
    } else {
      const given = new Map<string, unknown>()
      flatten(content, '', given)
      for (const [key, raw] of given) {
        if (KEYS.has(key)) take(key as SettingKey, raw, 'file', `"${key}" in ${name}`)
        else if (key !== '$schema' && !FORMER_NAMES.has(key)) {
          problems.push(`"${key}" in ${name} is no setting.${didYouMean(key, SETTING_KEYS)} See: tradewind config list`)
        }
      }
      for (const [old, raw] of given) {
        const key = FORMER_NAMES.get(old)
        if (key !== undefined) takeFormer(key, raw, 'file', { old, now: key })
      }
    }
  }

  const names = new Map(SETTING_KEYS.map((key) => [environmentName(key), key]))
  for (const [name, raw] of Object.entries(input.env)) {
    const key = names.get(name)
    if (key !== undefined) {
      if (raw !== undefined && raw !== '') take(key, raw, 'environment', `${name} in the environment`)
    } else if (
      name.startsWith('TRADEWIND_') &&
      !FORMER_NAMES.has(name) &&
      !FOREIGN_PREFIXES.some((prefix) => name.startsWith(prefix))
    ) {
      problems.push(
        `${name} in the environment is no setting.${didYouMean(name, names.keys())} See: tradewind config list`,
      )
    }
  }

  for (const [old, key] of FORMER_NAMES) {
    const raw = input.env[old]
    if (raw !== undefined && raw !== '') takeFormer(key, raw, 'environment', { old, now: environmentName(key) })
  }

  for (const [key, raw] of Object.entries(input.flags)) {
    if (raw !== undefined) take(key as SettingKey, raw, 'flag', `--${key.split('.').at(-1)?.replaceAll('_', '-')}`)
  }

  if (problems.length > 0) throw new ConfigError(problems)
  return { config: values as Config, sources: sources as Record<SettingKey, Source>, warnings }
}
