/**
 * What bundler and loader agree on, besides the protocol. A bundle holds no path of the machine: where its code asks for
 * its own place (`import.meta.url`, `__dirname`, ...) the bundler writes `<PLACES>.<placeName(path)>`, and the loader
 * answers from the Dags folder of the host it runs on. Paths are relative to that folder, with forward slashes.
 */

/** Numbers a bundle is stamped with; raised when the loader or the SDK's run-time names change in a way it would notice. */
export const BUNDLE_FORMAT = 1
export const SDK_ABI = 1

/** The free variable of a bundle through which it reaches its host. */
export const PLACES = '__tradewind'
/** `<PLACES>.<NATIVE>("<path>")` loads a native add-on. */
export const NATIVE = 'native'

/** `globalThis` symbols under which the loader puts the SDK's entries for bundles to find. */
export const SDK_ENTRIES: Readonly<
  Record<string, { readonly symbol: string; readonly entry: 'tradewind' | 'airflow' }>
> = {
  tradewind: { symbol: 'tradewind.sdk', entry: 'tradewind' },
  'apache-airflow-ts-sdk': { symbol: 'tradewind.sdk.airflow', entry: 'airflow' },
  '@apache-airflow/ts-sdk': { symbol: 'tradewind.sdk.airflow', entry: 'airflow' },
}

const PREFIX = 'at_'

/** A path as an identifier: letters and digits stay, every other byte becomes `$` and two hex digits. */
export function placeName(path: string): string {
  let name = PREFIX
  for (const byte of new TextEncoder().encode(path)) {
    const char = String.fromCharCode(byte)
    name += /[A-Za-z0-9]/.test(char) ? char : `$${byte.toString(16).padStart(2, '0')}`
  }
  return name
}

/** The path of a name made by `placeName`, or `null` for any other name. */
export function pathOfPlace(name: string): string | null {
  if (!name.startsWith(PREFIX)) return null
  return decodeURIComponent(name.slice(PREFIX.length).replaceAll('$', '%'))
}
