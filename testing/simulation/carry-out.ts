/** Does what a script's troubles say, to whatever programs, runs and tasks there are at that moment. */

import type { DagFileReport } from '../../core/ports/dag-source.ts'
import type { CommandRequest, LetterName, RunRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES } from '../../core/states.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Counter } from './coverage.ts'
import { POISON, type Trouble } from './script.ts'
import type { SimulatedClock } from './simulated-clock.ts'
import type { Program } from './simulated-program.ts'

/** What troubles are done to. */
export interface TroubledWorld {
  readonly clock: SimulatedClock
  readonly tables: MemoryTables
  readonly programs: readonly Program[]
  readonly dags: ReadonlyMap<string, SerializedDag>
  readonly gone: Set<string>
  readonly deleted: Set<string>
  readonly touched: Set<number>
  readonly partlyCleared: Set<number>
  /** Runs of which somebody wanted something to stay as it is, not undone. */
  readonly leftAsIs: Set<number>
  trace(line: string): void
  count(what: Counter): void
  submit(request: CommandRequest, actor?: string, notAfter?: number | null): number
  parsed(serialized: SerializedDag): DagFileReport
  toAll(report: DagFileReport): void
  edit(dag: SerializedDag): void
  kill(victim: Program, pauseMs: number): void
  stop(victim: Program, ms: number): void
  stopGracefully(victim: Program, graceMs: number, pauseMs: number): void
}

export function carryOut(world: TroubledWorld, trouble: Trouble): void {
  world.trace(`trouble: ${JSON.stringify(trouble)}`)
  switch (trouble.kind) {
    case 'kill':
    case 'stop':
    case 'cut':
    case 'stall':
    case 'jump':
    case 'stop-gracefully': {
      const program = world.programs[Math.floor(trouble.program * world.programs.length)]
      if (program !== undefined) troubleProgram(world, program, trouble)
      return
    }
    case 'clear':
    case 'mark':
    case 'mark-run':
    case 'cancel':
    case 'compensate':
    case 'delete-run':
    case 'note': {
      const running = trouble.kind === 'cancel' ? cancelRunning(world, trouble) : null
      if (running !== null) {
        world.submit(running)
        return
      }
      const run = chooseRun(world, trouble)
      if (run !== undefined) world.submit(runCommand(world, run, trouble))
      return
    }
    case 'redrive':
    case 'discard-letters': {
      const letters = chooseLetters(world, trouble.letters)
      const [first] = letters
      if (first === undefined) return
      if (trouble.kind === 'discard-letters') world.submit({ kind: trouble.kind, letters, reason: 'simulated' })
      else {
        world.count('redrives')
        const all = trouble.twice ? [...letters, first] : letters
        const { newKeys, newest } = trouble
        for (const { tiId } of newest ? all : []) world.touched.add(world.tables.tis.get(tiId)!.dagRunId)
        world.submit({ kind: 'redrive', letters: all, newKeys, newest })
      }
      return
    }
    case 'trigger': {
      world.count('triggers')
      const { at: _, expired, ...request } = trouble
      world.submit(request, 'user:sim', expired === true ? world.clock.now() - 60_000 : null)
      return
    }
    case 'drain':
      world.submit({ kind: 'drain' })
      world.clock.setDelay(trouble.ms, () => world.submit({ kind: 'resume' }))
      return
    case 'pause':
    case 'unpause':
      world.submit({ kind: trouble.kind, dagId: trouble.dagId })
      return
    case 'set-pool':
      world.submit({ kind: 'set-pool', name: trouble.name, slots: trouble.slots })
      return
    case 'delete-pool':
      world.submit({ kind: 'delete-pool', name: trouble.name })
      return
    case 'delete-dag':
      world.deleted.add(trouble.dagId)
      world.submit({ kind: 'delete-dag', dagId: trouble.dagId })
      return
    case 'set-variable': {
      const { kind, key, value, onlyNew } = trouble
      world.submit({ kind, variables: [{ key, value, isSecret: false, description: null }], onlyNew })
      return
    }
    case 'delete-variable':
      world.submit({ kind: 'delete-variable', key: trouble.key })
      return
    default:
      troubleFile(world, trouble)
  }
}

type ProgramTrouble = Extract<Trouble, { program: number }>

function troubleProgram(world: TroubledWorld, program: Program, trouble: ProgramTrouble): void {
  switch (trouble.kind) {
    case 'kill':
      world.kill(program, trouble.ms)
      return
    case 'stop':
      if (trouble.inCommit) program.store.atNextCommit(() => world.stop(program, trouble.ms))
      else world.stop(program, trouble.ms)
      return
    case 'cut':
      world.count('cuts')
      program.store.cutFor(trouble.ms)
      return
    case 'stall':
      program.store.stallAtNextCommit(trouble.ms)
      return
    case 'jump':
      world.count(trouble.ms > program.offset ? 'clock jumps forwards' : 'clock jumps backwards')
      program.setOffset(trouble.ms)
      return
    case 'stop-gracefully':
      world.stopGracefully(program, trouble.ms, trouble.pauseMs)
  }
}

type RunTrouble = Extract<Trouble, { run: number }>

/** A task is cancelled where it runs, mostly. */
function cancelRunning(world: TroubledWorld, trouble: Extract<Trouble, { kind: 'cancel' }>): CommandRequest | null {
  const { tables } = world
  if (trouble.task === null || trouble.task > 0.8) return null
  const running = [...tables.executions.values()]
  const { dagRunId, tiId } = running[Math.floor(trouble.run * running.length)] ?? { dagRunId: -1, tiId: -1 }
  const [run, ti] = [tables.runs.get(dagRunId), tables.tis.get(tiId)]
  if (run === undefined || ti === undefined) return null
  world.count('cancels')
  world.touched.add(run.id)
  world.leftAsIs.add(run.id)
  return { kind: 'cancel', dagId: run.dagId, runId: run.runId, taskIds: [ti.taskId] }
}

/** Of those that have not ended, mostly; a run can be deleted only afterwards. */
function chooseRun({ tables }: TroubledWorld, { kind, run }: RunTrouble): RunRecord | undefined {
  const all = [...tables.runs.values()]
  const open = all.filter((one) => !FINISHED_RUN_STATES.has(one.state))
  // Few are undone at any moment, and that is when commands are at their worst.
  const undone = open.filter((one) => one.state === 'compensating')
  if (undone.length > 0 && kind !== 'note' && (run * 10) % 1 < 0.5) return undone[Math.floor(run * undone.length)]
  const share = kind === 'compensate' ? 0.3 : 0.6
  const wantsOpen = kind !== 'delete-run' && run < share && open.length > 0
  const from = wantsOpen ? open : all
  return from[Math.floor((wantsOpen ? run / share : run) * from.length)]
}

/** Mostly of the newest: those are open. */
function chooseLetters({ tables, touched }: TroubledWorld, chosen: readonly number[]): LetterName[] {
  const all = [...tables.sagas.letters.values()].slice(-8)
  return chosen.flatMap((number) => {
    const letter = all[Math.floor(number * all.length)]?.letter
    const runId = letter === undefined ? undefined : tables.runs.get(letter.dagRunId)?.runId
    if (letter === undefined || runId === undefined) return []
    // A run of which something is undone by hand has failed afterwards.
    if (letter.kind === 'compensation') touched.add(letter.dagRunId)
    return [{ tiId: letter.tiId, tryNumber: letter.tryNumber, dagId: letter.dagId, runId }]
  })
}

function runCommand(world: TroubledWorld, run: RunRecord, trouble: RunTrouble): CommandRequest {
  const { dagId, runId, id, versionId, state } = run
  const { tasks } = world.tables.versions.get(versionId)!.serialized
  const taskId = (task: number) => tasks[Math.floor(task * tasks.length)]!.taskId
  const name = { dagId, runId }
  switch (trouble.kind) {
    case 'clear': {
      const { kind, task, upstream, downstream, onlyFailed, onlyRunning, newKeys, newest } = trouble
      world.count(state === 'running' ? 'clears while running' : 'clears')
      if (downstream && task !== null) world.count('clears with what is below')
      // What is below must follow what is above, or its last try is older than theirs.
      if (task !== null && (!downstream || upstream)) world.partlyCleared.add(id)
      if (onlyFailed || onlyRunning) world.partlyCleared.add(id)
      // The oracle knows one version of a run.
      if (newest) world.touched.add(id)
      const taskIds = task === null ? [] : [taskId(task)]
      return { kind, ...name, taskIds, upstream, downstream, onlyFailed, onlyRunning, newKeys, newest }
    }
    case 'mark': {
      const { kind, task, state: to, upstream, downstream } = trouble
      world.count(state === 'running' ? 'marks while running' : 'marks of finished runs')
      world.touched.add(id)
      world.leftAsIs.add(id)
      return { kind, ...name, taskIds: [taskId(task)], state: to, upstream, downstream }
    }
    case 'mark-run':
      world.count('runs marked')
      world.touched.add(id)
      world.leftAsIs.add(id)
      return { kind: 'mark-run', ...name, state: trouble.state }
    case 'cancel':
      world.count('cancels')
      world.touched.add(id)
      if (trouble.withoutCompensation || trouble.task !== null || state === 'compensating') world.leftAsIs.add(id)
      return {
        kind: 'cancel',
        ...name,
        ...(trouble.task === null ? {} : { taskIds: [taskId(trouble.task)] }),
        ...(trouble.withoutCompensation ? { withoutCompensation: true } : {}),
      }
    case 'compensate':
      world.count('compensations asked for')
      world.touched.add(id)
      if (trouble.task !== null) world.leftAsIs.add(id)
      return { kind: 'compensate', ...name, ...(trouble.task === null ? {} : { taskIds: [taskId(trouble.task)] }) }
    case 'delete-run':
      return { kind: 'delete-run', ...name }
    case 'note': {
      const { task, note } = trouble
      return { kind: 'note', ...name, ...(task === null ? {} : { taskId: taskId(task) }), note }
    }
  }
}

type FileTrouble = Extract<Trouble, { kind: 'edit' | 'poison-file' | 'break-file' | 'file-gone' | 'file-back' }>

function troubleFile(world: TroubledWorld, trouble: FileTrouble): void {
  const at = world.clock.now()
  if (trouble.kind === 'edit') {
    const { dag } = trouble
    world.edit(dag)
    return
  }
  const dag = world.dags.get(trouble.dagId)
  if (dag === undefined) return
  const { file, dagId } = dag
  switch (trouble.kind) {
    case 'file-gone':
      world.gone.add(dagId)
      world.toAll({ type: 'gone', file, at })
      return
    case 'file-back':
      world.gone.delete(dagId)
      world.toAll(world.parsed(dag))
      return
    case 'poison-file': {
      const dags = [{ serialized: { ...dag, displayName: 'poison' }, contentHash: POISON }]
      world.toAll({ type: 'parsed', file, bundleHash: 'bundle', dags, warnings: [], at })
      return
    }
    case 'break-file': {
      const problem = { code: 'syntax-error', message: 'simulated', remedy: 'none', file }
      world.toAll({ type: 'broken', file, problems: [problem], at })
    }
  }
}
