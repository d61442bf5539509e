/**
 * The patterns: the test beside each passes as a user runs it, and each Dag ends the same, task by task, in the in-memory
 * runner and with real child processes.
 */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type DagRun, runDag } from '../../testing/runner/index.ts'
import { PATTERNS } from './pattern-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDER = join(ROOT, 'dags/patterns')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly said: string
}

function node(...args: string[]): Promise<Ended> {
  // Nothing of vitest's: it would make the test runner of Node believe it runs below another one.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, said: stdout + stderr })
    })
  })
}

test('each pattern has a test beside it', () => {
  const tests = readdirSync(FOLDER).filter((name) => name.endsWith('.test.ts'))
  expect(tests.toSorted()).toEqual(PATTERNS.map(({ name }) => `${name}.test.ts`).toSorted())
})

test('the tests beside them pass', async () => {
  const files = PATTERNS.map(({ name }) => join(FOLDER, `${name}.test.ts`))
  const { code, said } = await node('--test', ...files)
  expect(code, said).toBe(0)
  expect(Number(/^ℹ pass (\d+)$/m.exec(said)?.[1]), said).toBeGreaterThan(5 * PATTERNS.length)
})

function outcome(run: DagRun): object {
  return Object.fromEntries(Object.values(run.tasks).map(({ taskId, state, tries }) => [taskId, [state, tries]]))
}

async function withProcesses(name: string, variables: Readonly<Record<string, string>>) {
  const given = Object.entries(variables).flatMap(([key, value]) => ['--variable', `${key}=${value}`])
  const { stdout, said } = await node(
    'bin/tradewind.js',
    'dags',
    'test',
    join(FOLDER, `${name}.ts`),
    '--json',
    ...given,
  )
  expect(stdout, said).toMatch(/^\{/)
  const run = JSON.parse(stdout) as {
    state: string
    task_instances: { task_id: string; state: string; try_number: number }[]
  }
  const tis = run.task_instances.map((ti) => [ti.task_id, [ti.state, ti.try_number]])
  return { state: run.state, tis: Object.fromEntries(tis) as object }
}

describe('in memory and with child processes', () => {
  test.each(PATTERNS)('$name goes well with its defaults', async ({ name, dag }) => {
    const run = await runDag(dag)
    expect(run.state).toBe('success')
    expect(await withProcesses(name, {})).toEqual({ state: 'success', tis: outcome(run) })
  })

  const broken = PATTERNS.flatMap(({ goesWrong, ...rest }) => (goesWrong === null ? [] : [{ ...rest, ...goesWrong }]))
  // They mostly wait for their retries.
  test.concurrent.each(broken)('$name when $servicesDown is down', async ({ name, dag, servicesDown, state }) => {
    const variables = { services_down: servicesDown }
    const run = await runDag(dag, { variables })
    expect(run.state).toBe(state)
    expect(await withProcesses(name, variables)).toEqual({ state, tis: outcome(run) })
  })
})
