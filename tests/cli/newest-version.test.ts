/**
 * A failed run whose file is mended goes on with the new code: a redrive with `--newest`, on a real program, its database and
 * its children. What had succeeded stays, a task that is new joins in, one that is gone is removed, also when the run is read again.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProgramInFolder } from './program-in-folder.ts'

const BROKEN = `import { Dag, getContext } from 'tradewind'

const dag = new Dag('mended', { defaultArgs: { retries: 0 } })
const load = dag.task('load', () => 20)
const old = dag.task('old', () => 1)
const send = dag.task('send', (_: { rows: number }): string => { throw new Error('no such address') })
load().before(old())
send({ rows: 20 })
`

const MENDED = `import { Dag, getContext } from 'tradewind'

const dag = new Dag('mended', { defaultArgs: { retries: 0 } })
const note = dag.task('note', ({ key }: { key: string }) => key)
const send = dag.task('send', ({ rows }: { rows: number }) => \`\${rows} \${getContext().idempotencyKey}\`)
const load = dag.task('load', () => 21)
const rows = load()
note({ key: send({ rows }) })
`

const program = new ProgramInFolder()
const path = join(program.folder, 'dags', 'mended.ts')

beforeAll(async () => {
  writeFileSync(path, BROKEN)
  program.start()
  await program.line(/Dag mended is live/)
})
afterAll(() => program.end())

interface Shown {
  readonly state: string
  readonly task_instances: readonly { readonly task_id: string; readonly state: string; readonly try_number: number }[]
}

async function ended(state: string): Promise<Record<string, string>> {
  const shown = () => program.json<Shown>(['runs', 'show', 'mended', 'one'])
  await expect.poll(async () => (await shown()).state, { timeout: 60_000, interval: 500 }).toBe(state)
  const { task_instances: tis } = await shown()
  return Object.fromEntries(tis.map((ti) => [ti.task_id, `${ti.state} ${ti.try_number}`]))
}

test('a redrive on the newest version', async () => {
  await program.json(['runs', 'trigger', 'mended', '--run-id', 'one', '--correlation', 'order-1'])
  expect(await ended('failed')).toEqual({ load: 'success 1', old: 'success 1', send: 'failed 1' })
  writeFileSync(path, MENDED)
  await program.line(/version 2/)
  const [letter] = await program.json<{ id: string }[]>(['dead-letters', 'list', '--dag', 'mended'])
  const done = await program.cli(['dead-letters', 'redrive', letter!.id, '--newest', '--new-keys'])
  expect(done.code, done.stderr).toBe(0)
  const states = { load: 'success 1', old: 'removed 1', send: 'success 2', note: 'success 1' }
  expect(await ended('success')).toEqual(states)
  // Once more: the run is read from the tables, with the task instance that its version does not have.
  expect((await program.cli(['runs', 'clear', 'mended', 'one', '--yes'])).code).toBe(0)
  expect(await ended('success')).toEqual({ load: 'success 2', old: 'removed 1', send: 'success 3', note: 'success 2' })
}, 240_000)
