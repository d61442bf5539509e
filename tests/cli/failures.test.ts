/**
 * What to do about failures, on the machine of a program that runs and from elsewhere: why an order got stuck, its dead letters,
 * undoing it. Real database, real scheduler, real children.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProgramInFolder } from './program-in-folder.ts'

const DAGS = `import { Dag } from 'tradewind'

const bills = new Dag('bills', { params: { orderId: 0 }, correlationId: 'bill-{params.orderId}' })
const fetchBill = bills.task('fetch', () => 20)
const pay = bills.task('pay', ({ amount }: { amount: number }) => {
  if (amount > 10) throw new Error(\`\${amount} is too much for this card\`)
  return amount
}, { retries: 0 })
pay({ amount: fetchBill() })

const shop = new Dag('shop', { params: { orderId: 0, fails: true }, correlationId: 'order-{params.orderId}' })
const undo = () => {}
const reserve = shop.task('reserve', () => 1, { compensate: undo })
const charge = shop.task('charge', ({ of }: { of: number }) => of, { compensate: undo })
const ship = shop.task('ship', ({ of }: { of: number }) => {
  if (of > 0) throw new Error('no carrier')
}, { compensate: { run: undo, alsoWhenFailed: true }, retries: 0 })
ship({ of: charge({ of: reserve() }) })

const held = new Dag('held')
const first = held.task('first', () => 1, { compensate: undo })
const wait = held.task('wait', (_: { of: number }) => new Promise(() => {}), { timeout: '10 min', retries: 0 })
wait({ of: first() })
`

const program = new ProgramInFolder()
const cli = program.cli.bind(program)
let remote: Readonly<Record<string, string>>

beforeAll(async () => {
  writeFileSync(join(program.folder, 'dags', 'failures.ts'), DAGS)
  program.start()
  const url = await program.line(/^http:\/\/127\.0\.0\.1:\d+$/)
  for (const dag of ['bills', 'shop', 'held']) await program.line(new RegExp(`Dag ${dag} is live`))
  const { token } = await program.json<{ token: string }>(['tokens', 'create', 'tests', '--role', 'operator'])
  remote = { TRADEWIND_URL: url, TRADEWIND_TOKEN: token }
})
afterAll(() => program.end())

interface Letter {
  readonly id: string
  readonly fingerprint: string
  readonly status: string
  readonly task_id: string
  readonly compensation: string
}
interface Shown {
  readonly state: string
  readonly task_instances: readonly { readonly task_id: string; readonly state: string; readonly try_number: number }[]
}

async function shows(dagId: string, runId: string, wanted: object): Promise<Shown> {
  const show = () => program.json<Shown>(['runs', 'show', dagId, runId])
  await expect.poll(show, { timeout: 60_000 }).toMatchObject(wanted)
  return show()
}

describe.each(['here', 'from elsewhere'])('%s', (place) => {
  const called = () => (place === 'here' ? {} : { env: remote })
  const number = place === 'here' ? 1 : 2
  const json = <T>(args: readonly string[]) => program.json<T>(args, called())
  let runId: string
  let letter: Letter

  test('a trigger with a key that was used is answered with the run of then', async () => {
    const key = ['--key', `bill ${number}`, '--conf', `{"orderId":${number}}`]
    const made = await json<{ dag_run_id: string }>(['runs', 'trigger', 'bills', ...key])
    runId = made.dag_run_id
    const again = await cli(['dags', 'trigger', 'bills', '--key', `bill ${number}`], called())
    expect([again.code, again.stdout], again.stderr).toEqual([0, `The run of this key is ${runId} of bills.\n`])
    await shows('bills', runId, { state: 'failed' })
    const runs = await json<{ dag_run_id: string }[]>(['runs', 'list', '--correlation', `bill-${number}`])
    expect(runs.map((run) => run.dag_run_id)).toEqual([runId])
  })

  test('why it got stuck, in one call', async () => {
    const { code, stdout } = await cli(['why', 'why', 'did', 'bill', String(number), 'get', 'stuck?'], called())
    expect(code).toBe(0)
    expect(stdout).toContain(`bills ${runId} (bill-${number}) is failed.`)
    expect(stdout).toMatch(/It failed at .*; task pay failed: .*20 is too much for this card\./)
    expect(stdout).toMatch(/dead letter (\d+-1) of pay: tradewind dead-letters show \1/)
    const unknown = await cli(['why', 'order-none'], called())
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Nothing is known of "order-none".')])
  })

  test('its dead letter is found, shown and in a group', async () => {
    const list = ['dead-letters', 'list', '--dag', 'bills', '--run', runId]
    const letters = await json<Letter[]>(list)
    letter = letters[0]!
    expect(letters).toMatchObject([{ task_id: 'pay', status: 'open', compensation: 'none' }])
    expect((await cli(list, called())).stdout).toMatch(new RegExp(`${letter.id} .* bills .* pay .* open .*too much`))
    const groups = await json<{ fingerprint: string; count: number }[]>(['dead-letters', 'groups', '--since', '2h'])
    expect(groups).toContainEqual(expect.objectContaining({ fingerprint: letter.fingerprint, count: 1 }))
    const shown = (await cli(['dead-letters', 'show', letter.id], called())).stdout
    expect(shown).toContain(`${letter.id}: bills.pay of ${runId}, try 1, open`)
    expect(shown).toMatch(/amount +task:fetch +20/)
  })

  test('it is redriven with other arguments, once', async () => {
    const redrive = ['dead-letters', 'redrive', letter.id]
    expect(await json([...redrive, '--dry-run'])).toMatchObject({ dry_run: true, letters: [{ outcome: 'planned' }] })
    const wrong = await cli([...redrive, '--input', '{"amont":5}'], called())
    expect([wrong.code, wrong.stderr + wrong.stdout]).toEqual([1, expect.stringContaining('amount')])
    const done = await cli([...redrive, '--input', '{"amount":5}', '--newest'], called())
    expect([done.code, done.stdout], done.stderr).toEqual([0, '1 dead letter is redriven.\n'])
    await shows('bills', runId, { state: 'success', task_instances: [{}, { task_id: 'pay', try_number: 2 }] })
    const twice = await cli(redrive, called())
    expect([twice.code, twice.stdout]).toEqual([1, expect.stringMatching(/^0 dead letters are redriven\.\n.*redriven/)])
    const status = ['--status', 'redriven', '--dag', 'bills', '--run', runId]
    expect(await json<Letter[]>(['dead-letters', 'list', ...status])).toMatchObject([{ id: letter.id }])
  })

  test('a whole fault is discarded, after it was shown and for a reason', async () => {
    const runs = [1, 2].map((i) => `discard ${place} ${i}`)
    for (const id of runs) await cli(['runs', 'trigger', 'bills', '--run-id', id], called())
    for (const id of runs) await shows('bills', id, { state: 'failed' })
    const fault = ['dead-letters', 'discard', '--fingerprint', letter.fingerprint, '--reason', 'paid by hand']
    const asked = await cli(fault, called())
    expect([asked.code, asked.stdout]).toEqual([2, ''])
    expect(asked.stderr).toMatch(/discard .* 1 .*pay.*open/)
    const done = await cli([...fault, '--yes'], called())
    expect([done.code, done.stdout], done.stderr).toEqual([0, '2 dead letters are discarded.\n'])
    expect(await json<Letter[]>(['dead-letters', 'list', '--dag', 'bills'])).toEqual([])
    expect((await cli(fault, called())).stdout).toBe('No dead letters fit.\n')
  })
})

describe.each(['here', 'from elsewhere'])('sagas, %s', (place) => {
  const called = () => (place === 'here' ? {} : { env: remote })
  const number = place === 'here' ? 11 : 12
  const runId = `order ${place}`
  const order = `order-${number}`
  const json = <T>(args: readonly string[]) => program.json<T>(args, called())
  const states = (run: Shown) => run.task_instances.map((ti) => ti.state)

  test('an order that fails is undone, in order, and says so', async () => {
    const made = await cli(['runs', 'trigger', 'shop', '--run-id', runId, '--conf', `{"orderId":${number}}`], called())
    expect(made.code, made.stderr).toBe(0)
    const run = await shows('shop', runId, { state: 'failed' })
    expect(states(run)).toEqual(['compensated', 'compensated', 'compensated'])
    expect(await json(['runs', 'show', 'shop', runId])).toMatchObject({ state: 'failed', correlation_id: order })
    const undone = await json<{ task_id: string; failed_task: string }[]>(['runs', 'compensations', 'shop', runId])
    expect(undone.map((one) => [one.task_id, one.failed_task])).toEqual([
      ['ship', 'ship'],
      ['charge', 'ship'],
      ['reserve', 'ship'],
    ])
    expect(await json<Letter[]>(['dead-letters', 'list', '--correlation', order])).toMatchObject([
      { task_id: 'ship', compensation: 'compensated' },
    ])
    const { stdout } = await cli(['why', order], called())
    expect(stdout).toMatch(/task ship failed: .*no carrier; undone: reserve, charge, ship\./)
  })

  test('clearing a part of it clears what was undone, and says so before', async () => {
    const clear = ['tasks', 'clear', 'shop', 'ship', '--run', runId]
    const plan = await json<{ task_ids: string[]; undone: string[] }>([...clear, '--dry-run'])
    expect([plan.task_ids, plan.undone]).toEqual([
      ['reserve', 'charge', 'ship'],
      ['reserve', 'charge'],
    ])
    expect((await cli(clear, called())).stderr).toMatch(/reserve +compensated +to run again, since it was undone/)
    const cleared = await cli([...clear, '--yes'], called())
    expect([cleared.code, cleared.stdout], cleared.stderr).toEqual([
      0,
      expect.stringContaining('reserve, charge, ship'),
    ])
    // It fails again, and is undone again.
    const again = { state: 'failed', task_instances: [{ try_number: 4 }, { try_number: 4 }, { try_number: 4 }] }
    expect(states(await shows('shop', runId, again))).toEqual(['compensated', 'compensated', 'compensated'])
  })

  const live = `live ${place}`
  const waits = { task_instances: [{ state: 'success' }, { state: 'running' }] }

  test('one that goes on is cancelled, and nothing of it undone where that was said', async () => {
    await cli(['runs', 'trigger', 'held', '--run-id', live], called())
    await shows('held', live, waits)
    const plain = await cli(['runs', 'cancel', 'held', live, '--no-compensate'], called())
    expect(plain.code, plain.stderr).toBe(0)
    expect(states(await shows('held', live, { state: 'failed' }))).toEqual(['success', 'failed'])
  })

  test('it is undone by hand, after that was shown', async () => {
    const asked = await cli(['runs', 'compensate', 'held', live], called())
    expect([asked.code, asked.stdout]).toEqual([2, ''])
    expect(asked.stderr).toMatch(/first +success +1/)
    const dry = await json(['runs', 'compensate', 'held', live, '--dry-run'])
    expect(dry).toMatchObject({ dry_run: true, task_ids: ['first'], planned: [{ forward_try: 1, after: [] }] })
    const done = await cli(['runs', 'compensate', 'held', live, '--yes'], called())
    expect([done.code, done.stdout], done.stderr).toEqual([0, `Run ${live} of held is being undone: first.\n`])
    expect(states(await shows('held', live, { task_instances: [{ state: 'compensated' }, {}] }))[1]).toBe('failed')
  })

  test('what was undone, or never can be, is not', async () => {
    expect((await cli(['runs', 'compensate', 'held', live], called())).stdout).toContain('nothing to undo')
    const wrong = await cli(['runs', 'compensate', 'held', live, '--task', 'wait', '--yes'], called())
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('does not say how it is undone')])
  })

  test('a cancel undoes what was completed', async () => {
    const next = `cancelled ${place}`
    await cli(['runs', 'trigger', 'held', '--run-id', next], called())
    await shows('held', next, waits)
    await cli(['runs', 'cancel', 'held', next], called())
    expect(states(await shows('held', next, { state: 'failed' }))).toEqual(['compensated', 'failed'])
  })
})

test.each([
  [['dead-letters', 'redrive'], 'No letter is chosen.'],
  [['dead-letters', 'redrive', '1-1', '--dag', 'bills'], 'Do one of the two.'],
  [['dead-letters', 'redrive', '--dag', 'bills', '--input', '{}'], '--input goes with one letter.'],
  [['dead-letters', 'redrive', 'nonsense'], 'Give the name of a dead letter'],
  [['dead-letters', 'discard', '1-1'], '--reason'],
  [['dead-letters', 'list', '--since', 'soon'], 'Give 2h'],
])('%j is not understood', async (args, message) => {
  const { code, stderr } = await cli(args)
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
})
