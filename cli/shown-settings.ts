/** The settings as the web server may show them: each with its value and where it came from, none that is secret. */
import { SETTING_KEYS, settingOf } from '../core/config/schema.ts'
import type { WebServerParts } from '../webserver/web-server-parts.ts'
import type { ProgramConfig } from './load-config.ts'

export function shownSettings(program: ProgramConfig): WebServerParts['settings'] {
  return SETTING_KEYS.map((key) => {
    const setting = settingOf(key)
    const value = program.config[key]
    const isSet = value !== null && !(Array.isArray(value) && value.length === 0)
    const shown = setting.secret ? (isSet ? '***' : '') : setting.show(value)
    return { key, value: shown, source: program.sources[key] }
  })
}
