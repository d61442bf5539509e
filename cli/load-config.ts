/**
 * Reads the configuration for a command: `tradewind.config.json` in the working directory, the environment, flags.
 * Besides `secret-handover.ts` this is where the environment is read. Paths come out absolute.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { ConfigError, type ConfigInput, type LoadedConfig, readConfig } from '../core/config/read-config.ts'
import type { SettingKey } from '../core/config/schema.ts'
import { handedOver } from './secret-handover.ts'

export const CONFIG_FILE = 'tradewind.config.json'

export interface ProgramConfig extends LoadedConfig {
  /** Absolute. */
  readonly dagsFolder: string
  /** Absolute. */
  readonly dataFolder: string
}

export type Flags = Partial<Record<SettingKey, unknown>>

/** Throws `ConfigError` with every problem. */
export function loadConfig(flags: Flags = {}): ProgramConfig {
  const file = readConfigFile()
  const loaded = readConfig({
    ...(file === null ? {} : { file }),
    env: { ...process.env, ...handedOver() },
    flags,
    machine: { cores: availableParallelism() },
  })
  return {
    ...loaded,
    dagsFolder: resolve(loaded.config['dags.folder']),
    dataFolder: resolve(loaded.config['data.folder']),
  }
}

function readConfigFile(): NonNullable<ConfigInput['file']> | null {
  let text: string
  try {
    text = readFileSync(CONFIG_FILE, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new ConfigError([`${resolve(CONFIG_FILE)} cannot be read: ${error instanceof Error ? error.message : error}`])
  }
  try {
    return { name: CONFIG_FILE, content: JSON.parse(text) as unknown }
  } catch (error) {
    throw new ConfigError([`${CONFIG_FILE} is not valid JSON: ${error instanceof Error ? error.message : error}`])
  }
}

/** The environment that code of Dag files may see. */
export function childEnvironment(names: readonly string[]): Record<string, string> {
  const allowed: Record<string, string> = {}
  for (const name of names) {
    const value = process.env[name]
    if (value !== undefined) allowed[name] = value
  }
  return allowed
}
