import { describe, expect, it } from 'vitest'
import type { CommandAnswer, CommandRequest } from '../../../core/records.ts'
import { dagOf, Engine, T0, task } from './harness.ts'

const ask = (fields: Partial<Extract<CommandRequest, { kind: 'trigger' }>> = {}): CommandRequest => ({
  kind: 'trigger',
  dagId: 'd',
  ...fields,
})

function answered(answer: CommandAnswer): { readonly id: number; readonly existed?: boolean } {
  if (!answer.ok) throw new Error(answer.message)
  return JSON.parse(answer.value) as { id: number; existed?: boolean }
}

function engineWith(fields = {}): Engine {
  const engine = new Engine()
  engine.file(dagOf('d', [task('a')], fields))
  return engine
}

describe('a trigger key', () => {
  it('makes one run, whatever else is asked for, and names it from then on', () => {
    const engine = engineWith({ params: { type: 'object', properties: { n: { type: 'number' } } } })
    const first = answered(engine.command(ask({ triggerKey: 'order-1', conf: '{"n":1}' })))
    expect(first).toMatchObject({ dag_id: 'd' })
    expect(first).not.toHaveProperty('existed')
    const further = [
      ask({ triggerKey: 'order-1' }),
      ask({ triggerKey: 'order-1', conf: '{"n":"wrong"}', runId: 'other', correlationId: 'x' }),
      ask({ triggerKey: 'order-1', conf: 'not even JSON' }),
    ]
    for (const request of further) expect(answered(engine.command(request))).toEqual({ ...first, existed: true })
    expect(engine.runs('d')).toHaveLength(1)
    expect(engine.run(first.id)).toMatchObject({ triggerKey: 'order-1', conf: '{"n":1}' })
  })

  it('makes one run of several triggers in one tick', () => {
    const engine = engineWith()
    const answers = engine.commands([1, 2, 3].map(() => ask({ triggerKey: 'k' }))).map(answered)
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
    expect(engine.runs('d')).toHaveLength(1)
  })

  it('holds when the run has ended, after a restart, and while the Dag is gone', () => {
    const engine = engineWith()
    const first = answered(engine.command(ask({ triggerKey: 'k' })))
    engine.end('a')
    expect(engine.run(first.id).state).toBe('success')
    engine.restart()
    expect(answered(engine.command(ask({ triggerKey: 'k' }))).id).toBe(first.id)
    engine.tick([{ type: 'dag-file', report: { type: 'gone', file: 'd.ts', at: T0 } }])
    expect(answered(engine.command(ask({ triggerKey: 'k' }))).id).toBe(first.id)
    expect(engine.command(ask({ triggerKey: 'another' }))).toMatchObject({ ok: false, code: 'dag-inactive' })
  })

  it('belongs to its Dag', () => {
    const engine = engineWith()
    engine.file(dagOf('e', [task('a')]))
    const [one, other] = engine.commands([ask({ triggerKey: 'k' }), ask({ dagId: 'e', triggerKey: 'k' })]).map(answered)
    expect(one!.id).not.toBe(other!.id)
  })

  it('is free again when its run is deleted, also in that very tick', () => {
    const engine = engineWith()
    const first = answered(engine.command(ask({ triggerKey: 'k', runId: 'r' })))
    engine.end('a')
    const [deleted, again] = engine.commands([
      { kind: 'delete-run', dagId: 'd', runId: 'r' },
      ask({ triggerKey: 'k', runId: 's' }),
    ])
    expect(deleted!.ok).toBe(true)
    expect(answered(again!).id).not.toBe(first.id)
  })

  it('must be a text that can be shown', () => {
    const engine = engineWith()
    for (const triggerKey of ['', 'x'.repeat(201), 'a\u0000b', ' x']) {
      expect(engine.command(ask({ triggerKey }))).toMatchObject({ ok: false, code: 'bad-trigger-key' })
    }
    expect(engine.runs('d')).toEqual([])
  })
})

describe('a correlation id', () => {
  const template = { correlationId: 'order-{params.orderId}' }
  const conf = '{"orderId":7}'

  it.each([
    ['given', template, { conf, correlationId: 'given', inheritedCorrelationId: 'above' }, 'given'],
    ['made by the Dag', template, { conf, inheritedCorrelationId: 'above' }, 'order-7'],
    ['inherited, where the Dag makes none', template, { inheritedCorrelationId: 'above' }, 'above'],
    ['inherited, where the Dag has no template', {}, { conf, inheritedCorrelationId: 'above' }, 'above'],
    ['none', {}, { conf }, null],
  ])('is %s', (_how, fields, request, wanted) => {
    const engine = engineWith(fields)
    const { id } = answered(engine.command(ask(request)))
    expect(engine.run(id).correlationId).toBe(wanted)
    expect(engine.running[0]!.context.correlationId).toBe(wanted)
  })

  it.each([{ correlationId: '' }, { correlationId: 'a\nb' }, { conf: '{"orderId":[1]}' }])(
    'is refused: %j',
    (request) => {
      const engine = engineWith(template)
      expect(engine.command(ask(request))).toMatchObject({ ok: false, code: 'bad-correlation' })
      expect(engine.runs('d')).toEqual([])
    },
  )

  it('of a scheduled run comes from the default params', () => {
    const schedule = { kind: 'interval', everyMs: 1000 } as const
    const params = { type: 'object', properties: { orderId: { default: 'daily' } } }
    const engine = engineWith({ ...template, schedule, params, catchup: false })
    engine.at(T0 + 1000)
    expect(new Set(engine.runs('d').map((run) => run.correlationId))).toEqual(new Set(['order-daily']))
  })
})
