/**
 * What a Dag file may leave behind in a parse child: environment, working folder, globals, listeners, timers and sockets.
 * Nothing is put back, since not everything could be: a child with any of it is not used for another file.
 */

const EVENTS = [
  'uncaughtException',
  'unhandledRejection',
  'exit',
  'beforeExit',
  'SIGTERM',
  'SIGINT',
  'message',
] as const

/** Returns a function that tells whether anything was left behind since. */
export function rememberProcess(): () => boolean {
  const env = JSON.stringify(process.env)
  const cwd = process.cwd()
  const globals = new Set(Object.getOwnPropertyNames(globalThis))
  const listeners = EVENTS.map((event) => process.listenerCount(event))
  const resources = process.getActiveResourcesInfo().length
  return () =>
    JSON.stringify(process.env) !== env ||
    process.cwd() !== cwd ||
    Object.getOwnPropertyNames(globalThis).some((name) => !globals.has(name)) ||
    EVENTS.some((event, index) => process.listenerCount(event) !== listeners[index]) ||
    process.getActiveResourcesInfo().length > resources
}
