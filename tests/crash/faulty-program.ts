/**
 * The scheduler program with its ports wrapped: it kills itself with SIGKILL at the named point, the first time that the
 * task `middle` (or its run) gets there.
 */
import type { Executor } from '../../core/ports/executor.ts'
import type { Store, TickWrites } from '../../core/ports/store.ts'
import { composeFaultyProgram } from './compose-faulty-program.ts'
import type { FaultPoint } from './fault-points.ts'

const wanted = process.argv[2] as FaultPoint
const log = (line: string) => process.stdout.write(`${line}\n`)

function at(point: FaultPoint, isIt = true): void {
  if (!isIt || point !== wanted) return
  process.kill(process.pid, 'SIGKILL')
}

const middles = new Set<number>()
/** What a commit does to the task `middle`, or to its run. */
function partOf(writes: TickWrites): 'creates the run' | 'queues it' | 'takes its result' | null {
  for (const ti of [...writes.insertedTis, ...writes.updatedTis]) {
    if (ti.taskId !== 'middle') continue
    middles.add(ti.id)
    if (ti.state === 'queued') return 'queues it'
    if (ti.state === 'success') return 'takes its result'
  }
  return writes.insertedRuns.some((run) => run.dagId === 'crash') ? 'creates the run' : null
}

/** The methods of the instance itself are replaced: whatever else it has stays as it is. */
function faultyStore(store: Store): Store {
  const acquireLease = store.acquireLease.bind(store)
  const load = store.load.bind(store)
  const commit = store.commit.bind(store)
  const faulty: Pick<Store, 'acquireLease' | 'load' | 'commit'> = {
    async acquireLease(host) {
      const term = await acquireLease(host)
      at('after the lease is taken', term !== null)
      return term
    },
    async load(epoch) {
      const snapshot = await load(epoch)
      at('after loading')
      return snapshot
    },
    async commit(epoch, writes) {
      const part = partOf(writes)
      at('before the commit of a run', part === 'creates the run')
      at('before the commit of a dispatch', part === 'queues it')
      at('before the commit of a result', part === 'takes its result')
      const committing = commit(epoch, writes)
      // The statement has left by the next turn of the event loop; whether it gets there is open.
      if (wanted === 'while a result is committed' && part === 'takes its result') setImmediate(() => at(wanted))
      const result = await committing
      at('after the commit of a run, before it is applied', part === 'creates the run')
      at('after the commit of a dispatch, before it is applied', part === 'queues it')
      at('after the commit of a result, before it is applied', part === 'takes its result')
      return result
    },
  }
  return Object.assign(store, faulty)
}

function faultyExecutor(executor: Executor): Executor {
  return {
    ...executor,
    start: (receive) =>
      executor.start((reports) => {
        const ofMiddle = reports.filter((report) => middles.has(report.key.tiId))
        at(
          'when its start is reported',
          ofMiddle.some((report) => report.type === 'started'),
        )
        for (const report of ofMiddle) {
          if (report.type !== 'ended') continue
          at('when its result is reported')
          if (wanted === 'the worker, between result and acknowledgement' && report.pid !== null) {
            log(`killing the worker ${report.pid}`)
            process.kill(report.pid, 'SIGKILL')
          }
        }
        receive(reports)
      }),
    dispatch(tries) {
      const isIt = tries.some((one) => middles.has(one.key.tiId))
      at('after the dispatch is applied, before it is handed over', isIt)
      executor.dispatch(tries)
      at('after the dispatch is handed over', isIt)
    },
    acknowledge(keys) {
      const isIt = keys.some((key) => middles.has(key.tiId))
      at('before the acknowledgement', isIt)
      executor.acknowledge(keys)
      at('after the acknowledgement', isIt)
    },
  }
}

await composeFaultyProgram({ faultyStore, faultyExecutor, log })
