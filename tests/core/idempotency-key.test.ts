import { expect, it } from 'vitest'
import { idempotencyKey } from '../../core/idempotency-key.ts'

const ti = { dagId: 'orders', runId: 'manual__1', taskId: 'charge', mapIndex: -1, life: 0 }

it('is the same for the same TI and life, and another for anything else', () => {
  const keys = [
    idempotencyKey(ti),
    idempotencyKey(ti, 'compensation'),
    ...[{ dagId: 'x' }, { runId: 'x' }, { taskId: 'refund' }, { mapIndex: 0 }, { life: 1 }].map((other) =>
      idempotencyKey({ ...ti, ...other }),
    ),
    // What is joined must not be mistaken for something else.
    idempotencyKey({ ...ti, dagId: 'orders/manual__1', runId: '' }),
  ]
  expect(new Set(keys).size).toBe(keys.length)
  expect(idempotencyKey({ ...ti })).toBe(keys[0])
})

it('is short, readable, and fit for a header, whatever the names are', () => {
  for (const taskId of ['charge', 'prüfe die Bestellung', 'x'.repeat(250), 'group.task', '日本']) {
    for (const of of ['task', 'compensation'] as const) {
      const key = idempotencyKey({ ...ti, taskId }, of)
      expect(key).toMatch(/^[A-Za-z0-9._/-]{20,60}$/)
    }
  }
  // Stored on the other side: it must stay what it is.
  expect(idempotencyKey(ti)).toMatchInlineSnapshot(`"charge-uotFcfBkSJod_9upZRpKj1"`)
  expect(idempotencyKey(ti, 'compensation')).toMatchInlineSnapshot(`"charge-uotFcfBkSJod_9upZRpKj1/compensate"`)
})
