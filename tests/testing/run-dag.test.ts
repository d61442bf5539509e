/** The public in-memory runner: the real scheduler, handlers in this process, waits that take no time. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Dag, FailError, getClient, getContext, SkipError } from '../../sdk/index.ts'
import { runDag } from '../../testing/runner/index.ts'

test('values, params, dates, branches and logs arrive as they do in production', async () => {
  const dag = new Dag('shapes', { schedule: '@daily', params: { factor: 2 } })
  const first = dag.task('first', () => ({ n: 20, at: new Date(0) }))()
  const many = dag.task('many', ({ value, factor }: { value: { n: number; at: Date }; factor: number }) => {
    const { ds, logger, params } = getContext(dag)
    logger.warn(`${ds}: ${value.at}`)
    return value.n * factor === 60 && params.factor === 3
  })({ value: first, factor: dag.param('factor') })
  const yes = dag.task('yes', () => {})()
  const no = dag.task('no', () => {})()
  dag.if(many).then(yes).else(no)
  const run = await runDag(dag, { params: { factor: 3 }, logicalDate: '2026-02-03T00:00:00Z', runId: 'mine' })
  expect([run.runId, run.state]).toEqual(['mine', 'success'])
  expect(run.states).toEqual({ first: 'success', many: 'success', yes: 'success', no: 'skipped' })
  expect(run.result('first')).toEqual({ n: 20, at: '1970-01-01T00:00:00.000Z' })
  expect(run.logs).toEqual([{ taskId: 'many', level: 'warning', text: '2026-02-03: 1970-01-01T00:00:00.000Z' }])
})

test('retries wait as told, in no time; how a try ends decides whether there are any', async () => {
  const dag = new Dag('ends', { defaultArgs: { retries: 2, retryDelay: '6 h', retryJitter: 0 } })
  const seen: number[] = []
  dag.task('second_time', () => {
    seen.push(getContext().tryNumber)
    if (getContext().tryNumber === 1) throw new Error('not yet')
  })()
  dag.task('gives_up', () => {
    throw new FailError('hopeless')
  })()
  dag.task('skips', () => {
    throw new SkipError()
  })()
  dag.task('slow', () => new Promise<void>(() => {}), { timeout: '20 ms', retries: 0 })()
  const begun = performance.now()
  const run = await runDag(dag)
  expect(performance.now() - begun).toBeLessThan(20_000)
  expect(run.state).toBe('failed')
  expect(run.states).toEqual({ second_time: 'success', gives_up: 'failed', skips: 'skipped', slow: 'failed' })
  expect(run.tries).toMatchObject({ second_time: 2, gives_up: 1 })
  expect(run.tasks.gives_up?.error).toContain('hopeless')
  expect(run.tasks.slow?.error).toContain('longer than its timeout of 20 ms')
  expect(seen).toEqual([1, 2])
})

test('tries fail when they are told to, before or after their work', async () => {
  const dag = new Dag('faults', { defaultArgs: { retries: 1 } })
  const calls: string[] = []
  for (const id of ['before', 'after', 'always']) dag.task(id, () => void calls.push(id))()
  const run = await runDag(dag, { fail: { before: 1, after: { tries: 1, when: 'after' }, always: 'all' } })
  expect(calls.toSorted()).toEqual(['after', 'after', 'before'])
  expect(run.states).toEqual({ before: 'success', after: 'success', always: 'failed' })
  expect(run.tries).toEqual({ before: 2, after: 2, always: 2 })
  expect(() => run.result('always')).toThrow('The task "always" is failed: The test made it fail')
  expect(() => run.result('nowhere')).toThrow('no task "nowhere"')
  expect(run.tasks.always?.error).toBe('The test made it fail before it began.')
  await expect(runDag(dag, { fail: { befor: 1 } })).rejects.toThrow(
    'There is no task "befor" that could fail. The tasks are before, after, always.',
  )
})

test('variables, connections, XComs and files', async () => {
  const dag = new Dag('values')
  const one = dag.task('one', async () => {
    const client = getClient()
    await client.setXCom({ key: 'extra', value: [1] })
    await client.setVariable('left', 'here')
    writeFileSync(join(getContext().filesDir, 'a.txt'), 'a')
    return [await client.getVariable('given'), (await client.getConnectionOrThrow('shop')).host]
  })()
  dag
    .task('two', async () => [
      await getClient().getXCom({ key: 'extra', taskId: 'one' }),
      await getClient().getXCom({ key: 'return_value', taskId: 'one' }),
      await getClient().getVariable('left'),
    ])()
    .after(one)
  const run = await runDag(dag, {
    variables: { given: 'yes' },
    connections: { shop: { type: 'http', host: 'shop.example' } },
  })
  expect(run.result('two')).toEqual([[1], ['yes', 'shop.example'], 'here'])
  expect(existsSync(join(run.filesDir, 'a.txt'))).toBe(true)
})

test('a Dag with mistakes, and params it refuses, are told', async () => {
  const broken = new Dag('broken')
  broken.task('never_called', () => {})
  await expect(runDag(broken)).rejects.toThrow(/The Dag "broken" has mistakes:\n.*never_called/)
  const strict = new Dag('strict', { params: { n: { type: 'integer' } } })
  strict.task('one', () => {})()
  await expect(runDag(strict)).rejects.toThrow(/bad-params/)
})
