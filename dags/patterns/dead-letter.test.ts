import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDag } from 'tradewind/testing'
import dag from './dead-letter.ts'
import { readLedger } from './services.ts'

const POSTS = ['post.first', 'post.second', 'post.third']

test('all are posted, and the day is closed', async () => {
  const run = await runDag(dag)
  assert.equal(run.state, 'success')
  assert.deepEqual(run.deadLetters, [])
  assert.equal((await readLedger(run.filesDir)).length, 4)
})

for (const task of POSTS) {
  test(`${task} fails once after its work: a letter; redriven, it is not posted twice`, async () => {
    const run = await runDag(dag, { fail: { [task]: { tries: 1, when: 'after' } } })
    assert.equal(run.state, 'failed')
    assert.deepEqual(run.states, {
      ...Object.fromEntries(POSTS.map((one) => [one, 'success'])),
      [task]: 'failed',
      close_day: 'upstream_failed',
    })
    assert.equal(run.tries[task], 1)
    assert.deepEqual(
      run.deadLetters.map((letter) => [letter.taskId, letter.status]),
      [[task, 'open']],
    )

    await run.redrive(task)
    assert.equal(run.state, 'success')
    assert.equal(run.tries[task], 2)
    assert.deepEqual(
      run.deadLetters.map((letter) => letter.status),
      ['redriven'],
    )
    assert.equal((await readLedger(run.filesDir)).length, 4)
  })
}

test('close_day fails once: it is no matter of invoices and is tried again', async () => {
  const run = await runDag(dag, { fail: { close_day: 1 } })
  assert.equal(run.state, 'success')
  assert.equal(run.tries.close_day, 2)
  assert.deepEqual(run.deadLetters, [])
})

test('a wrong invoice is corrected and posted, and what waited for it runs', async () => {
  const run = await runDag(dag, { params: { second: 249.5 } })
  assert.equal(run.state, 'failed')
  assert.match(run.deadLetters[0]?.message ?? '', /2026-second is over 249.5 cents, which is no whole number/)

  await run.redrive('post.second')
  assert.equal(run.state, 'failed', 'on the same inputs it fails again')
  assert.deepEqual(
    run.deadLetters.map((letter) => letter.status),
    ['redriven', 'open'],
  )

  await run.redrive('post.second', { inputs: { invoice: { number: '2026-second', cents: 24_950 } } })
  assert.equal(run.state, 'success')
  assert.deepEqual(run.states, Object.fromEntries([...POSTS, 'close_day'].map((task) => [task, 'success'])))
  assert.deepEqual(run.tries, { 'post.first': 1, 'post.second': 3, 'post.third': 1, close_day: 1 })
  assert.deepEqual((await readLedger(run.filesDir)).at(-1)?.request, {
    entries: ['entry-2026-first', 'entry-2026-second', 'entry-2026-third'],
  })
})
