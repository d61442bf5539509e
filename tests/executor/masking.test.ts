/** Secrets a try was given leave its child only as `***`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOutputCapture } from '../../executor/capture-output.ts'
import { createMasker } from '../../executor/masking.ts'
import { causeOf, dagOf, makeWorld, returned, type World } from './harness.ts'

const PASSWORD = 'p4ss wörd/+"1'

describe('the masker', () => {
  const masker = createMasker()
  masker.add(PASSWORD)
  const form = (text: string) => masker.mask(`<${text}>`)

  it.each([
    ['itself', PASSWORD],
    ['URL-encoded', encodeURIComponent(PASSWORD)],
    ['URL-encoded in lower case', encodeURIComponent(PASSWORD).replace(/%../g, (code) => code.toLowerCase())],
    ['form-encoded', new URLSearchParams({ p: PASSWORD }).toString().slice(2)],
    ['JSON-escaped', JSON.stringify(PASSWORD).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(PASSWORD)).slice(3, -3)],
    ['base64', Buffer.from(PASSWORD).toString('base64')],
    ['base64url', Buffer.from(PASSWORD).toString('base64url')],
  ])('finds it %s', (_name, text) => {
    expect(form(text)).toBe('<***>')
  })

  it.each(['u:', 'us:', 'use:'])('finds it in base64 after other text: %s', (before) => {
    const header = Buffer.from(`${before}${PASSWORD}`).toString('base64')
    expect(form(header)).toContain('***')
    const inner = Buffer.from(PASSWORD).toString('base64').slice(4, 12)
    expect(form(header)).not.toContain(inner)
  })

  it('leaves short values and other text alone', () => {
    const one = createMasker()
    one.add('abc')
    expect(one.mask('abcdef')).toBe('abcdef')
    expect(form('password')).toBe('<password>')
  })

  it('keeps JSON valid, also where a number or a key is the secret', () => {
    const one = createMasker()
    one.add('123456')
    one.add('":"')
    expect(JSON.parse(one.maskJson('{"a":123456,"k123456":"x123456x"}'))).toEqual({ a: '***', 'k***': 'x***x' })
  })

  it('finds the lines of a key', () => {
    const one = createMasker()
    one.add('-----BEGIN KEY-----\nMIIabcdefgh\nxyz12345678\n-----END KEY-----')
    expect(one.mask('xyz12345678')).toBe('***')
    expect(one.mask('-----BEGIN KEY-----')).toBe('-----BEGIN KEY-----')
  })
})

describe('captured output', () => {
  function capture(maxLineChars: number, secret?: string) {
    const lines: string[] = []
    const kinds: string[] = []
    const masker = createMasker()
    if (secret !== undefined) masker.add(secret)
    const out = createOutputCapture(
      '\0tradewind:abc:',
      {
        line: (text) => void lines.push(text),
        control: (record) => void kinds.push(`${record.kind}:${record.seq}:${record.payload}@${lines.length}`),
        mask: masker.mask,
        longestSecret: () => masker.longest,
      },
      maxLineChars,
    )
    return { out, lines, kinds }
  }

  it('finds a secret split over writes and at the place where a long line is split', () => {
    const { out, lines } = capture(10, 'topsecret')
    for (const part of ['123456to', 'psec', 'ret and ', 'more text', ' of this line\n']) out.write(Buffer.from(part))
    expect(lines.join('')).toBe('123456*** and more text of this line')
    expect(lines.every((line) => line.length <= 10)).toBe(true)
  })

  it('splits a line without end as it comes, and keeps characters whole', () => {
    const { out, lines } = capture(100, 'topsecret')
    const text = `${'ä€😀'.repeat(2_000)}topsecret${'ö'.repeat(500)}`
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += 7) out.write(bytes.subarray(at, at + 7))
    expect(lines.length).toBeGreaterThan(10)
    out.finish()
    expect(lines.join('')).toBe(text.replace('topsecret', '***'))
    expect(lines.every((line) => line.isWellFormed())).toBe(true)
  })

  it('finds control records however they are cut, and shows bytes that are no text', () => {
    const bytes = Buffer.concat([
      Buffer.from('one\r\ntwo\0tradewind:abc:exit:1:\nthree \0tradewind:abc:log:2:{"a":1}\nfour\n\0 \x07 '),
      Buffer.from([0xff, 0x1b]),
      Buffer.from('\n'),
    ])
    for (const size of [1, 2, 3, 5, 8, 1000]) {
      const { out, lines, kinds } = capture(1_000)
      for (let at = 0; at < bytes.length; at += size) out.write(bytes.subarray(at, at + size))
      out.finish()
      expect(lines).toEqual(['one', 'twothree four', '\\x00 \\x07 \uFFFD\u001b'])
      expect(kinds).toEqual(['exit:1:@1', 'log:2:{"a":1}@1'])
    }
  })
})

describe('a try that knows secrets', () => {
  let world: World
  let bundleHash: string
  beforeAll(async () => {
    world = await makeWorld({ slots: 1 })
    world.api.connections.set('db', {
      id: 'db',
      type: 'postgres',
      host: 'h',
      schema: null,
      login: 'anna',
      password: PASSWORD,
      port: 5432,
      extra: JSON.stringify({ apiToken: 'tok-999-abc', region: 'eu-central' }),
    })
    world.api.variables.set('hidden', { value: 'hidden-value', secret: true })
    world.api.variables.set('plain', { value: 'plain-value', secret: false })
    bundleHash = world.bundle(
      dagOf({
        leaks: `async () => {
          const c = await tw.getClient().getConnectionOrThrow('db')
          const hidden = await tw.getClient().getVariable('hidden')
          const plain = await tw.getClient().getVariable('plain')
          console.log('password', c.password, hidden, plain)
          process.stdout.write(c.password.slice(0, 5)); process.stdout.write(c.password.slice(5) + '\\n')
          require('node:fs').writeSync(2, 'raw ' + c.password + '\\n')
          tw.getContext().logger.info('token ' + JSON.parse(c.extra).apiToken, { deep: [c.password] })
          await tw.getClient().setXCom({ key: 'x', value: { p: c.password, region: JSON.parse(c.extra).region } })
          globalThis.stolen = c.password
          return { password: c.password, plain }
        }`,
        later: "() => { console.log('still', globalThis.stolen); throw new Error('with ' + globalThis.stolen) }",
      }),
    )
  })
  afterAll(() => world.stop())

  it('shows none of them in its log, its XComs and its result', async () => {
    const dispatch = world.dispatch({ bundleHash, taskId: 'leaks' })
    expect(returned(await world.ended(dispatch))).toEqual({ password: '***', plain: 'plain-value' })
    const log = JSON.stringify(await world.log(dispatch))
    expect(log).toContain('password *** *** plain-value')
    expect(log).toContain('raw ***')
    expect(log).toContain('token ***')
    const all = log + JSON.stringify([...world.api.xcoms.values()])
    for (const secret of [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), 'tok-999-abc', 'hidden-value']) {
      expect(all).not.toContain(secret)
    }
    expect([...world.api.xcoms.values()].join()).toContain('eu-central')
  })

  it('nor in a later try of the same child', async () => {
    const dispatch = world.dispatch({ bundleHash, taskId: 'later' })
    const cause = causeOf(await world.ended(dispatch))
    expect(cause.message).toBe('Error: with ***')
    expect(cause.stack).not.toContain(PASSWORD)
    expect(await world.text(dispatch)).toContain('still ***')
  })
})
