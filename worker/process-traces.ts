/**
 * What user code may leave behind in a process that is used again: environment, working folder, globals, listeners,
 * timers and sockets. What can be put back is put back; anything else, or any change at all, makes the process unclean.
 */

/** Returns whether anything was left behind since `rememberProcess` was called. */
export type TidyUp = () => boolean

const EVENTS = [
  'uncaughtException',
  'unhandledRejection',
  'exit',
  'beforeExit',
  'SIGTERM',
  'SIGINT',
  'message',
] as const

export function rememberProcess(): TidyUp {
  const env = { ...process.env }
  const cwd = process.cwd()
  const globals = new Set(Object.getOwnPropertyNames(globalThis))
  const listeners = EVENTS.map((event) => process.listenerCount(event))
  const resources = process.getActiveResourcesInfo().length
  return () => {
    let unclean = process.getActiveResourcesInfo().length > resources
    unclean = Object.getOwnPropertyNames(globalThis).some((key) => !globals.has(key)) || unclean
    unclean = EVENTS.some((event, index) => process.listenerCount(event) !== listeners[index]) || unclean
    for (const name of new Set([...Object.keys(process.env), ...Object.keys(env)])) {
      const value = env[name]
      if (process.env[name] === value) continue
      unclean = true
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    if (process.cwd() !== cwd) {
      unclean = true
      process.chdir(cwd)
    }
    return unclean
  }
}
