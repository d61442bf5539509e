/**
 * A Dag run once in a test: the real scheduler over tables in memory, the handlers in this process, time that jumps over
 * every wait. No database, no child processes, nothing to stop afterwards.
 */
import type { Json } from '../../core/json.ts'
import type { CommandRequest } from '../../core/records.ts'
import type { RunState, TiState } from '../../core/states.ts'
import type { DagWithParams } from '../../sdk/task-context.ts'
import { InMemoryWorld } from '../in-process/world.ts'
import type { DagRun, DeadLetter, RedriveOptions, RunOptions, TaskOutcome } from './dag-run.ts'

type ParamsOf<D> =
  D extends DagWithParams<infer P> ? (unknown extends P ? { readonly [name: string]: Json } : P) : never

/** Runs a Dag once, from its trigger until the run has ended. */
export async function runDag<D extends DagWithParams>(dag: D, options: RunOptions<ParamsOf<D>> = {}): Promise<DagRun> {
  const world = new InMemoryWorld(dag, options as RunOptions)
  await world.begin()
  const { params, logicalDate, runId } = options
  const trigger: CommandRequest = {
    kind: 'trigger',
    dagId: dag.dagId,
    ...(params === undefined ? {} : { conf: JSON.stringify(params) }),
    ...(logicalDate === undefined ? {} : { logicalDate: new Date(logicalDate).getTime() }),
    ...(runId === undefined ? {} : { runId }),
  }
  await world.command(trigger)
  await world.untilRunEnds()
  return new EndedRun(world)
}

class EndedRun implements DagRun {
  readonly #world: InMemoryWorld

  constructor(world: InMemoryWorld) {
    this.#world = world
  }

  get runId(): string {
    return this.#world.run().runId
  }

  get state(): RunState {
    return this.#world.run().state
  }

  get tasks(): Readonly<Record<string, TaskOutcome>> {
    return Object.fromEntries(this.#world.outcomes().map((one) => [one.taskId, one]))
  }

  get states(): Readonly<Record<string, TiState>> {
    return Object.fromEntries(this.#world.outcomes().map((one) => [one.taskId, one.state]))
  }

  result<T>(taskId: string): T {
    const task = this.#world.outcomes().find((one) => one.taskId === taskId)
    if (task === undefined) throw new Error(`The run has no task "${taskId}".`)
    if (task.state !== 'success') throw new Error(`The task "${taskId}" is ${task.state}: ${task.error ?? 'no result'}`)
    return task.result as T
  }

  get tries(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#world.outcomes().map((one) => [one.taskId, one.tries]))
  }

  get logs(): DagRun['logs'] {
    return this.#world.logs
  }

  get filesDir(): string {
    return this.#world.filesDir
  }

  get variables(): Map<string, string> {
    return this.#world.variables
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#world.letters().map(({ letter }) => letter)
  }

  async redrive(taskId: string, { inputs, newKeys }: RedriveOptions = {}): Promise<void> {
    const open = this.#world.letters().findLast(({ letter }) => letter.taskId === taskId && letter.status === 'open')
    if (open === undefined) throw new Error(`The task "${taskId}" has no open dead letter.`)
    const { dagId, runId } = this.#world.run()
    await this.#goOn({
      kind: 'redrive',
      letters: [{ tiId: open.tiId, tryNumber: open.letter.tryNumber, dagId, runId }],
      ...(inputs === undefined ? {} : { inputs: JSON.stringify(inputs) }),
      ...(newKeys === undefined ? {} : { newKeys }),
    })
  }

  async compensate(): Promise<void> {
    const { dagId, runId } = this.#world.run()
    await this.#goOn({ kind: 'compensate', dagId, runId })
  }

  async #goOn(request: CommandRequest): Promise<void> {
    await this.#world.command(request)
    await this.#world.untilRunEnds()
  }
}
