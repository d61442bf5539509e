import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './scheduled.ts'

/** Six in the morning of the first of March in Berlin. */
const logicalDate = '2026-03-01T05:00:00Z'

test('the report is that of the day before', async () => {
  const run = await runDag(dag, { logicalDate })
  assert.equal(run.state, 'success')
  assert.deepEqual(run.states, { read_sales: 'success', sum_up: 'success', write_report: 'success' })
  assert.equal(run.result('write_report'), 'sales-2026-02-28.md')
  assert.deepEqual(Object.keys(run.result<object>('sum_up')), ['lamp', 'chair', 'desk'])
})

for (const task of ['read_sales', 'sum_up', 'write_report']) {
  test(`${task} fails once: the same report, and no other file`, async () => {
    const expected = await runDag(dag, { logicalDate })
    const run = await runDag(dag, { logicalDate, fail: { [task]: { tries: 1, when: 'after' } } })
    assert.equal(run.state, 'success')
    assert.deepEqual(run.tries, { read_sales: 1, sum_up: 1, write_report: 1, [task]: 2 })
    assert.deepEqual(readdirSync(run.filesDir), ['sales-2026-02-28.md'])
    const [there, wanted] = [run, expected].map(({ filesDir }) =>
      readFileSync(join(filesDir, 'sales-2026-02-28.md'), 'utf8'),
    )
    assert.equal(there, wanted)
  })
}

test('without sales there is no report', async () => {
  const run = await runDag(dag, { logicalDate, variables: { services_down: 'till.sales' } })
  assert.deepEqual(run.states, { read_sales: 'failed', sum_up: 'upstream_failed', write_report: 'upstream_failed' })
  assert.deepEqual(readdirSync(run.filesDir), [])
})
