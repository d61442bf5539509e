/** The SDK inside a running task: handlers, scope, context, errors, branches; and objects of another copy of the package. */
import { afterEach, expect, test, vi } from 'vitest'
import type { TaskClient } from '../../sdk/index.ts'
import { Dag, FailError, getClient, getContext, SkipError, VariableNotFoundError } from '../../sdk/index.ts'
import {
  beginCollection,
  buildContext,
  chooseBranches,
  currentScope,
  handlerOf,
  isFailError,
  isSkipError,
  runInScope,
  type Scope,
  serializeDags,
} from '../../sdk/internal.ts'

const logger = { debug() {}, info() {}, warn() {}, error() {} }

function scope(dagId = 'd', logicalDate: number | null = Date.UTC(2026, 0, 1, 23, 30)): Scope {
  const context = buildContext({
    dagId,
    taskId: 'a',
    runId: 'r',
    tryNumber: 2,
    mapIndex: -1,
    signal: new AbortController().signal,
    filesDir: '/files',
    logger,
    context: {
      runType: 'scheduled',
      logicalDate,
      dataIntervalStart: logicalDate,
      dataIntervalEnd: logicalDate,
      runAfter: Date.UTC(2026, 0, 2),
      timezone: 'Europe/Berlin',
      params: { region: 'eu' },
      idempotencyKey: 'key',
      correlationId: null,
      maxTries: 4,
    },
  })
  return { context, client: { getVariable: async (key) => `value of ${key}` } as TaskClient }
}

afterEach(() => vi.resetModules())

test('a handler finds its context and client, also after an await and in functions it calls', async () => {
  const dag = new Dag('d')
  const deep = async () => {
    await Promise.resolve()
    return [getContext(dag).tryNumber, await getClient().getVariable('x')]
  }
  dag.task('a', async ({ n }: { n: number }) => [n, ...(await deep())])({ n: 1 })
  expect(await runInScope(scope(), () => handlerOf(dag, 'a')!({ n: 7 }))).toEqual([7, 2, 'value of x'])
  expect(currentScope()).toBeUndefined()
})

test('outside a task both getters say so', () => {
  expect(() => getContext()).toThrow('getContext() was called outside a running task')
  expect(() => getClient()).toThrow('getClient() was called outside a running task')
})

test('a Dag given to getContext has to be the running one', () => {
  expect(() => runInScope(scope('other'), () => getContext(new Dag('d')))).toThrow(
    'getContext() was given the Dag "d", but the task "a" runs in "other"',
  )
})

test('the context has Dates, and ds in the zone of the Dag', () => {
  const { context } = scope()
  expect(context).toMatchObject({
    dagId: 'd',
    taskId: 'a',
    runId: 'r',
    tryNumber: 2,
    maxTries: 4,
    mapIndex: -1,
    runType: 'scheduled',
    timezone: 'Europe/Berlin',
    params: { region: 'eu' },
    filesDir: '/files',
    runAfter: new Date(Date.UTC(2026, 0, 2)),
  })
  expect(context.logicalDate).toEqual(new Date(Date.UTC(2026, 0, 1, 23, 30)))
  expect(context.ds).toBe('2026-01-02')
})

test('a run without a logical date says so when one is asked for, not when the context is printed', () => {
  const { context } = scope('d', null)
  expect(() => context.logicalDate).toThrow('has no logicalDate: it was triggered without a logical date')
  expect(() => context.ds).toThrow('runAfter')
  expect(() => context.dataIntervalStart).toThrow('dataIntervalStart')
  expect({ ...context }).toMatchObject({ runId: 'r' })
  expect(JSON.stringify(context)).toContain('"runId":"r"')
})

test('handlers: called with nothing they keep their defaults; triggers and strangers have none', async () => {
  const dag = new Dag('d')
  dag.task('defaults', async ({ n = 5 }: { n?: number } = {}) => n)()
  dag.triggerDagRun('trigger', { dagId: 'x' })
  const g = dag.taskGroup('g')
  g.task('x', async () => 'x')()
  expect(await handlerOf(dag, 'defaults')!({})).toBe(5)
  expect(await handlerOf(dag, 'g.x')!({})).toBe('x')
  expect(handlerOf(dag, 'trigger')).toBeUndefined()
  expect(handlerOf(dag, 'x')).toBeUndefined()
  dag.task('later', async () => 'later')()
  expect(await handlerOf(dag, 'later')!({})).toBe('later')
  expect(() => handlerOf({ dagId: 'd' }, 'x')).toThrow('A Dag was expected, not an object.')
})

test('a reference is inert', async () => {
  const dag = new Dag('d')
  const ref = dag.task('a', async () => 1)()
  expect(await Promise.resolve(ref)).toBe(ref)
  expect(JSON.stringify({ ref })).toBe('{"ref":"a"}')
  expect(`${ref}`).toBe('TaskRef(a)')
  expect({ ...ref }).toEqual({ dagId: 'd', taskId: 'a' })
})

test('an if follows one side, and takes nothing but a boolean', () => {
  const branch = { kind: 'if', then: ['a', 'b'], else: ['c'] } as const
  expect(chooseBranches([branch], true)).toEqual(['a', 'b'])
  expect(chooseBranches([branch], false)).toEqual(['c'])
  expect(() => chooseBranches([branch], 3)).toThrow('The condition returned 3; it has to return true or false')
  expect(() => chooseBranches([branch], undefined)).toThrow('returned undefined')
})

test('a switch follows the case of its value: plain, structured, a reference, a group', () => {
  const dag = new Dag('d')
  const a = dag.task('a', async () => {})()
  const g = dag.taskGroup('g')
  const branch = {
    kind: 'switch',
    cases: [
      { value: 'a', taskIds: ['a'] },
      { value: 'g', taskIds: ['g.x', 'g.y'] },
      { value: 3, taskIds: ['three'] },
      { value: { x: 1, y: 2 }, taskIds: ['object'] },
    ],
  } as const
  expect(chooseBranches([branch], a)).toEqual(['a'])
  expect(chooseBranches([branch], 'a')).toEqual(['a'])
  expect(chooseBranches([branch], g)).toEqual(['g.x', 'g.y'])
  expect(chooseBranches([branch], 3)).toEqual(['three'])
  expect(chooseBranches([branch], { y: 2, x: 1 })).toEqual(['object'])
  expect(() => chooseBranches([branch], '3')).toThrow(
    'The switch returned "3", and no case is for that. Its cases are "a", "g", 3, {"x":1,"y":2}.',
  )
  expect(() => chooseBranches([branch], undefined)).toThrow('returned undefined')
  expect(chooseBranches([{ ...branch, otherwise: ['rest'] }], undefined)).toEqual(['rest'])
})

test('several branches on one task follow the union, each id once', () => {
  const first = { kind: 'if', then: ['a', 'b'], else: [] } as const
  const second = { kind: 'if', then: ['b', 'c'], else: ['d'] } as const
  expect(chooseBranches([first, second], true)).toEqual(['a', 'b', 'c'])
})

test('errors are told apart', () => {
  expect([isSkipError(new SkipError('x')), isFailError(new SkipError('x'))]).toEqual([true, false])
  expect([isSkipError(new FailError('x')), isFailError(new FailError('x'))]).toEqual([false, true])
  expect([isSkipError(new Error('x')), isFailError(null), isFailError('FailError')]).toEqual([false, false, false])
  const cause = new Error('cause')
  expect(new FailError('no', { cause })).toMatchObject({ name: 'FailError', message: 'no', cause })
  expect(new VariableNotFoundError('k')).toMatchObject({ key: 'k', name: 'VariableNotFoundError' })
})

test('objects of another copy of the package are known', async () => {
  vi.resetModules()
  const other: typeof import('../../sdk/index.ts') = await import('../../sdk/index.ts')
  expect(other.Dag).not.toBe(Dag)
  const collection = beginCollection()
  const dag = new other.Dag('d')
  const a = dag.task('a', async () => other.getContext().runId)()
  dag.task('b', async ({ x }: { x: string }) => x)({ x: a })
  collection.end()
  new other.Dag('not collected')
  expect(collection.dags).toEqual([dag])
  const { dags, problems } = serializeDags(collection.dags, { file: 'f.ts', positionOf: () => null })
  expect(problems).toEqual([])
  expect(dags[0]!.tasks.map((task) => task.upstream)).toEqual([[], ['a']])
  expect(await runInScope(scope(), () => handlerOf(dag, 'a')!({}))).toBe('r')
  expect(isSkipError(new other.SkipError())).toBe(true)
  expect(isFailError(new other.FailError())).toBe(true)
})

test('collections nest, and the inner one gets what is declared', () => {
  const outer = beginCollection()
  new Dag('a')
  const inner = beginCollection()
  new Dag('b')
  inner.end()
  new Dag('c')
  outer.end()
  expect(outer.dags.map((dag) => dag.dagId)).toEqual(['a', 'c'])
  expect(inner.dags.map((dag) => dag.dagId)).toEqual(['b'])
})
