/**
 * Airflow's way to bind a handler's argument to a name in a Python call. Here a factory names the handler's own arguments,
 * so there is nothing to translate and the handler comes back as it is.
 */
import type { TaskFunction } from '../task-factory.ts'

/** From the handler's argument names to Python's. */
export type ArgNameMap<H extends TaskFunction> = { readonly [K in keyof Parameters<H>[0]]?: string }

export function withArgNames<H extends TaskFunction>(_names: ArgNameMap<H>, handler: H): H {
  return handler
}
