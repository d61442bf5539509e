import { describe, expect, it } from 'vitest'
import { correlationOf, correlationProblem, templateProblem, triggerKeyProblem } from '../../core/correlation.ts'

const schema = {
  type: 'object',
  properties: { orderId: { type: 'string' }, customer: { type: 'object', properties: { id: { type: 'number' } } } },
}

describe('a template', () => {
  it.each([
    ['order-{params.orderId}', { orderId: 'A-7' }, 'order-A-7'],
    ['{params.orderId}', { orderId: 12345 }, '12345'],
    ['{ params.orderId }/{params.customer.id}', { orderId: 'x', customer: { id: 9 } }, 'x/9'],
    ['{{{params.orderId}}}', { orderId: true }, '{true}'],
    ['order-{params.orderId}', {}, null],
    ['order-{params.orderId}', { orderId: null }, null],
    ['order-{params.orderId}', null, null],
    ['order-{params.toString}', {}, null],
    ['order-{params.customer.id}', { customer: 'anna' }, null],
  ])('%s with %j gives %s', (template, params, id) => {
    expect(correlationOf(template, params)).toEqual({ ok: true, id })
  })

  it.each([
    ['order-{params.customer}', { customer: { id: 1 } }, 'params.customer is an object'],
    ['order-{params.list}', { list: [1] }, 'params.list is a list'],
    ['{params.orderId}', { orderId: '' }, 'is empty'],
    ['{params.orderId}', { orderId: 'x'.repeat(201) }, 'has 201 characters'],
    ['{params.orderId}', { orderId: 'a\u0000b' }, 'control character'],
    ['{params.orderId}', { orderId: 'a\nb' }, 'control character'],
    ['{params.orderId}', { orderId: '\ud800' }, 'half of a character'],
    ['{params.orderId}', { orderId: ' x' }, 'a space'],
  ])('%s with %j is refused', (template, params, why) => {
    expect(correlationOf(template, params)).toMatchObject({ ok: false, message: expect.stringContaining(why) })
  })

  it.each([
    ['order-{params.orderId', 'character 7'],
    ['order-params.orderId}', '"}" at character 21'],
    ['order-{orderId}', '{orderId}'],
    ['order-{params}', '{params}'],
    ['order-{params.}', '{params.}'],
    ['order-{params.a b}', '{params.a b}'],
    ['order-{run.id}', '{run.id}'],
    ['', 'is empty'],
    ['always the same', 'names no param'],
    ['a\u0007{params.orderId}', 'control character'],
    [`${'x'.repeat(500)}{params.orderId}`, 'at most 500'],
    ['order-{params.orderID}', 'have no "orderID"'],
    ['order-{params.customer.name}', 'have no "name"'],
  ])('%j is a mistake of the author', (template, why) => {
    const problem = templateProblem(template, schema)
    expect(problem?.message).toContain(why)
    expect(problem?.remedy).not.toBe('')
  })

  it('is taken where the schema has its fields, or says nothing of them', () => {
    expect(templateProblem('order-{params.orderId}', schema)).toBeNull()
    expect(templateProblem('order-{params.customer.id}', schema)).toBeNull()
    expect(templateProblem('order-{params.orderId}')).toBeNull()
    expect(templateProblem('order-{params.orderId}', { type: 'object' })).toBeNull()
  })
})

it('ids and keys have 1 to 200 characters that can be shown', () => {
  for (const [problem, what] of [
    [correlationProblem, 'correlation id'],
    [triggerKeyProblem, 'trigger key'],
  ] as const) {
    expect(problem('order 12345/ü')).toBeNull()
    expect(problem('x'.repeat(200))).toBeNull()
    for (const bad of ['', 'x'.repeat(201), 'a\tb', '\u202eabc', 'x ', '\udc00']) expect(problem(bad)).toContain(what)
  }
})
