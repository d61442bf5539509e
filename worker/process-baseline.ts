/**
 * The process as a try must find it: environment, working folder, listeners, umask, title, exit code. After each try all of
 * it is put back, so nothing leaks into the next one. What the top level of a bundle sets (dotenv, a hook) belongs to the
 * bundle and is there again for each of its tries. Changed globals (`globalThis.fetch = ...`) are not found: tasks that
 * patch globals want `isolation: 'process'`.
 */

type Listener = (...args: never[]) => void
type Environment = Readonly<Record<string, string>>
/** `undefined`: deleted. */
type EnvironmentChange = Readonly<Record<string, string | undefined>>

export interface ProcessBaseline {
  /** What the environment has become since the baseline; then puts it back. For the load of a bundle. */
  takeEnvironmentChange(): EnvironmentChange
  /** Applies what belongs to the bundle and to the try, and remembers listeners: user code runs next. */
  enter(change: EnvironmentChange): void
  /** Puts everything back; names what had been changed. */
  leave(): string[]
}

export function rememberProcess(): ProcessBaseline {
  const environment: Environment = readEnvironment()
  const cwd = process.cwd()
  const umask = process.umask()
  const title = process.title
  const stackLimit = Error.stackTraceLimit
  let expected: Environment = environment
  let listeners = readListeners()

  return {
    takeEnvironmentChange() {
      const change = difference(environment, readEnvironment())
      for (const name of Object.keys(change)) setVariable(name, environment[name])
      return change
    },

    enter(change) {
      const names = Object.keys(change)
      for (const name of names) setVariable(name, change[name])
      expected = names.length === 0 ? environment : withChange(environment, change)
      listeners = readListeners()
    },

    leave() {
      const changed: string[] = []
      const now = readEnvironment()
      const names = Object.keys(difference(expected, now))
      if (names.length > 0) changed.push(`environment variables (${names.slice(0, 10).join(', ')})`)
      for (const name of Object.keys(difference(environment, now))) setVariable(name, environment[name])
      if (workingFolder() !== cwd) {
        changed.push('the working folder')
        process.chdir(cwd)
      }
      const events = restoreListeners(listeners)
      if (events.length > 0) changed.push(`listeners of process (${events.join(', ')})`)
      if (process.umask() !== umask) {
        changed.push('the umask')
        process.umask(umask)
      }
      if (process.title !== title) process.title = title
      process.exitCode = undefined
      Error.stackTraceLimit = stackLimit
      return changed
    },
  }
}

/** `null` when it was removed under our feet. */
function workingFolder(): string | null {
  try {
    return process.cwd()
  } catch {
    return null
  }
}

function readEnvironment(): Environment {
  return { ...process.env } as Record<string, string>
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

function withChange(from: Environment, change: EnvironmentChange): Environment {
  const to: Record<string, string> = { ...from }
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) delete to[name]
    else to[name] = value
  }
  return to
}

function difference(from: Environment, to: Environment): EnvironmentChange {
  const change: Record<string, string | undefined> = {}
  for (const name in to) if (from[name] !== to[name]) change[name] = to[name]
  for (const name in from) if (!(name in to)) change[name] = undefined
  return change
}

function readListeners(): Map<string | symbol, Listener[]> {
  const all = new Map<string | symbol, Listener[]>()
  for (const event of process.eventNames()) all.set(event, process.rawListeners(event as 'exit') as Listener[])
  return all
}

function restoreListeners(before: ReadonlyMap<string | symbol, readonly Listener[]>): string[] {
  const changed: string[] = []
  for (const event of new Set([...before.keys(), ...process.eventNames()])) {
    const wanted = before.get(event) ?? []
    const present = process.rawListeners(event as 'exit') as Listener[]
    if (present.length === wanted.length && present.every((listener, index) => listener === wanted[index])) continue
    changed.push(String(event))
    process.removeAllListeners(event as 'exit')
    for (const listener of wanted) process.on(event as 'exit', listener as () => void)
  }
  return changed
}
