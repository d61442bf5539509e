/**
 * The scheduler program that is killed around one commit: it holds the results of the tries it is given back until it has
 * all of them, and lets them go at once, so that one tick takes them all; before, during or after the commit of that tick it
 * kills itself. Arguments: where, and the tries as JSON.
 */
import { tryKeyText } from '../../core/ids.ts'
import type { Dispatch, Executor, ExecutorReport } from '../../core/ports/executor.ts'
import type { Store, TickWrites } from '../../core/ports/store.ts'
import { composeFaultyProgram } from './compose-faulty-program.ts'

export interface HeldResult {
  readonly runId: string
  readonly taskId: string
  readonly kind: 'task' | 'compensation'
}

const [where = '', tries = '[]'] = process.argv.slice(2)
const wanted = JSON.parse(tries) as readonly HeldResult[]
const log = (line: string) => process.stdout.write(`${line}\n`)

/** By try: which of the wanted it is. */
const known = new Map<string, HeldResult>()
const held = new Map<string, ExecutorReport>()
let letGo = false

function remember(dispatch: Dispatch): void {
  const { runId, taskId, kind } = dispatch
  const found = wanted.find((one) => one.runId === runId && one.taskId === taskId && one.kind === kind)
  if (found !== undefined) known.set(tryKeyText(dispatch.key), found)
}

function faultyExecutor(executor: Executor): Executor {
  return {
    ...executor,
    dispatch(dispatched) {
      for (const one of dispatched) remember(one)
      executor.dispatch(dispatched)
    },
    start: (receive) =>
      executor.start((reports) => {
        const passed = reports.filter((report) => {
          const key = tryKeyText(report.key)
          if (report.type !== 'ended' || !known.has(key)) return true
          held.set(key, report)
          return false
        })
        if (passed.length > 0) receive(passed)
        if (held.size < wanted.length || letGo) return
        letGo = true
        log(`all ${held.size} results are there`)
        receive([...held.values()])
      }),
    /** What is held back still runs, as far as the scheduler may know. */
    inventory() {
      const { running, finished } = executor.inventory()
      const isHeld = (key: Dispatch['key']) => !letGo && held.has(tryKeyText(key))
      return {
        running: [...running, ...finished.filter(({ key }) => isHeld(key)).map(({ key }) => key)],
        finished: finished.filter(({ key }) => !isHeld(key)),
      }
    },
  }
}

/** Whether the results of all the wanted tries are in this one commit. */
function takesAll(writes: TickWrites): boolean {
  const ended = new Set(writes.updatedTries.map((row) => tryKeyText(row)))
  const taken = [...held.keys()].filter((key) => ended.has(key)).length
  if (taken > 0 && taken < wanted.length)
    throw new Error(`one commit was to take ${wanted.length} results, not ${taken}`)
  return taken > 0
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL')
}

function faultyStore(store: Store): Store {
  const commit = store.commit.bind(store)
  const faulty: Pick<Store, 'commit'> = {
    async commit(epoch, writes) {
      const isIt = letGo && takesAll(writes)
      if (isIt && where === 'before') kill()
      const committing = commit(epoch, writes)
      // The statement has left by the next turn of the event loop; whether it gets there is open.
      if (isIt && where === 'while') setImmediate(kill)
      const result = await committing
      if (isIt && where === 'after') kill()
      return result
    },
  }
  return Object.assign(store, faulty)
}

await composeFaultyProgram({ faultyStore, faultyExecutor, log })
