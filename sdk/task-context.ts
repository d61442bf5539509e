/**
 * What a running task can ask: `getContext()` and `getClient()`. Both read an AsyncLocalStorage that the worker sets around
 * the handler, so they work in any function the handler calls, across every `await`. The storage hangs on a `Symbol.for`
 * global: a handler may use another copy of this package than the worker does.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Json } from '../core/json.ts'
import type { RunType } from '../core/states.ts'
import { branded } from './brand.ts'
import type { DagDeclarations } from './declarations.ts'

/** Structured lines in the log of the try, beside what is written to stdout and stderr. */
export interface TaskLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface TaskContext<P = { readonly [name: string]: Json }> {
  readonly dagId: string
  /** With the prefixes of its groups. */
  readonly taskId: string
  readonly runId: string
  /** 1 for the first try. */
  readonly tryNumber: number
  /** Tries it may have in all. */
  readonly maxTries: number
  /** -1 unless mapped. */
  readonly mapIndex: number
  /** What runs is the code that undoes the task, not its handler. */
  readonly isCompensation: boolean
  /**
   * The same on every retry of this task instance and after every crash, so that what is done with it is done once; another
   * one for its compensation.
   */
  readonly idempotencyKey: string
  /** By what people search for this run and those it started (an order number), or `null`. */
  readonly correlationId: string | null
  /** Fires when the try is cancelled or its time is up: pass it to `fetch`, timers, child processes. */
  readonly signal: AbortSignal
  /** The tick this run stands for. Throws in a run that was triggered without one: use `runAfter` there. */
  readonly logicalDate: Date
  /** Throws in a run without a logical date. */
  readonly dataIntervalStart: Date
  /** Throws in a run without a logical date. */
  readonly dataIntervalEnd: Date
  /** Since when the run could start; every run has it. */
  readonly runAfter: Date
  /** Date of the logical date in the Dag's zone, `YYYY-MM-DD`. Throws in a run without a logical date. */
  readonly ds: string
  readonly runType: RunType
  /** Zone of the Dag, an IANA name. */
  readonly timezone: string
  /** What the run was started with, over the defaults. */
  readonly params: P
  /** A folder that tasks may write to, the same for all tasks on this host. */
  readonly filesDir: string
  readonly logger: TaskLogger
}

/** Which XCom; what is left out is the running task's own. */
export interface GetXComOpts {
  readonly key: string
  readonly dagId?: string
  readonly runId?: string
  readonly taskId?: string
  readonly mapIndex?: number | null
  /** Also look at runs with earlier logical dates. */
  readonly includePriorDates?: boolean
}

export interface SetXComOpts {
  readonly key: string
  readonly value: Json
  readonly dagId?: string
  readonly runId?: string
  readonly taskId?: string
  readonly mapIndex?: number | null
}

export interface ConnectionResult {
  readonly id: string
  readonly type: string
  readonly host?: string | null
  readonly schema?: string | null
  readonly login?: string | null
  readonly password?: string | null
  readonly port?: number | null
  /** JSON text. */
  readonly extra?: string | null
}

/** Data of the platform, at run time. */
export interface TaskClient {
  /** `null` when there is none. */
  getXCom<T = unknown>(opts: GetXComOpts): Promise<T | null>
  setXCom(opts: SetXComOpts): Promise<void>
  /** `null` when there is none. */
  getVariable(key: string): Promise<string | null>
  /** Rejects with `VariableNotFoundError` when there is none. */
  getVariableOrThrow(key: string): Promise<string>
  /** Replaces value and description. */
  setVariable(key: string, value: string, description?: string | null): Promise<void>
  /** Resolves also when there was none. */
  deleteVariable(key: string): Promise<void>
  /** `null` when there is none. */
  getConnection(connId: string): Promise<ConnectionResult | null>
  /** Rejects with `ConnectionNotFoundError` when there is none. */
  getConnectionOrThrow(connId: string): Promise<ConnectionResult>
}

/** What the worker gives a try. */
export interface Scope {
  readonly context: TaskContext
  readonly client: TaskClient
}

/** Any Dag, for the types of its params. */
export interface DagWithParams<P = unknown> {
  readonly dagId: string
  /** For types only: never there at run time. */
  readonly '~params'?: P
}

type ParamsOfDag<D> =
  D extends DagWithParams<infer P> ? (unknown extends P ? { readonly [name: string]: Json } : P) : never

const STORAGE = Symbol.for('tradewind.scope')

function storage(): AsyncLocalStorage<Scope> {
  const globals = globalThis as { [STORAGE]?: AsyncLocalStorage<Scope> }
  globals[STORAGE] ??= new AsyncLocalStorage<Scope>()
  return globals[STORAGE]
}

/** Runs `fn` as the handler of a try; the scope reaches everything `fn` starts. */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  return storage().run(scope, fn)
}

/** The scope of the running try, or `undefined` outside one. */
export function currentScope(): Scope | undefined {
  return storage().getStore()
}

/**
 * The running task's context. With a Dag, or its type, `params` are typed: `getContext(dag).params.region`,
 * `getContext<typeof dag>()`. Throws outside a task, and inside a task of another Dag than the one given.
 */
export function getContext<D extends DagWithParams = DagWithParams>(dag?: D): TaskContext<ParamsOfDag<D>> {
  const { context } = scopeFor('getContext')
  const expected = dag === undefined ? undefined : branded<DagDeclarations>(dag, 'dag')?.dagId
  if (expected !== undefined && expected !== context.dagId) {
    throw new Error(
      `getContext() was given the Dag "${expected}", but the task "${context.taskId}" runs in "${context.dagId}". Give it the Dag the task belongs to, or none.`,
    )
  }
  return context as TaskContext<ParamsOfDag<D>>
}

/** XComs, variables and connections for the running task. Throws outside a task. */
export function getClient(): TaskClient {
  return scopeFor('getClient').client
}

function scopeFor(name: string): Scope {
  const scope = currentScope()
  if (scope === undefined) {
    throw new Error(
      `${name}() was called outside a running task: while the Dag file was imported, or in work that nobody awaited. Call it inside a task's handler.`,
    )
  }
  return scope
}
