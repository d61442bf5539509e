import { describe, expect, it } from 'vitest'
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import { fingerprint, maskMessage } from '../../core/fingerprint.ts'

const masked: readonly (readonly [string, string])[] = [
  ['Error: order 12345 was not found', 'Error: order <n> was not found'],
  ['Error: the order ORD-2026-000871 is closed', 'Error: the order ORD-<n>-<n> is closed'],
  ['Error: connect ECONNREFUSED 127.0.0.1:5432', 'Error: connect ECONNREFUSED <address>:<n>'],
  ['Error: connect ECONNREFUSED ::1:5432', 'Error: connect ECONNREFUSED <address>:<n>'],
  ['Error: getaddrinfo ENOTFOUND api.example.com', 'Error: getaddrinfo ENOTFOUND api.example.com'],
  [
    "TypeError: Cannot read properties of undefined (reading 'rows')",
    'TypeError: Cannot read properties of undefined (reading <value>)',
  ],
  ["Error: it can't be done and won't be", "Error: it can't be done and won't be"],
  [
    `SyntaxError: Unexpected token 'x', "xml version" is not valid JSON`,
    'SyntaxError: Unexpected token <value> is not valid JSON',
  ],
  [
    "Error: ENOENT: no such file or directory, open '/data/2026/a.csv'",
    'Error: ENOENT: no such file or directory, open <value>',
  ],
  ['Error: cannot write /var/data/eu/part-0001.parquet', 'Error: cannot write <path>'],
  ['Error: cannot write C:\\data\\eu\\part.csv', 'Error: cannot write <path>'],
  ['Error: lies in exports/eu/part-17/file.csv:12', 'Error: lies in <path>'],
  [
    'Error: POST https://api.example.com/v1/orders/77?x=1 answered 503',
    'Error: POST https://api.example.com/<path> answered <n>',
  ],
  [
    'HttpError: https://u:p@pay.example.com/charges: status 503',
    'HttpError: https://pay.example.com/<path> status 503',
  ],
  ['HttpError: status code 404 for customer 9', 'HttpError: status code 404 for customer <n>'],
  ['HttpError: HTTP 429, retry after 17 s', 'HttpError: HTTP 429, retry after <n> s'],
  [
    'error: duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)',
    'error: duplicate key value violates unique constraint <value> (SQLSTATE 23505)',
  ],
  ['PrismaError: code: P2002 on row 17', 'PrismaError: code: P2002 on row <n>'],
  ['Error: no customer cus_9s6XKzkNRiz8i3', 'Error: no customer <id>'],
  ['Error: request 6f1c2a4e-9b1d-4c55-8b3e-1d2f3a4b5c6d failed', 'Error: request <id> failed'],
  ['Error: blob deadbeef01 at 0x7ffe12 is torn', 'Error: blob <id> at <id> is torn'],
  ['Error: commit 9e107d9d372bb6826bd81d3542a419d6 is unknown', 'Error: commit <id> is unknown'],
  ['Error: no rate for 2026-01-31', 'Error: no rate for <date>'],
  ['Error: late since 2026-01-31T02:00:00.123Z', 'Error: late since <date>'],
  ['Error: late since 2026-01-31 02:00:00+01:00, again', 'Error: late since <date>, again'],
  ['Error: late since Mon, 23 Nov 2026 00:27:55 GMT', 'Error: late since <date>'],
  ['Error: late since Mon Nov 23 2026 00:27:55 GMT+0000 (Coordinated Universal Time)', 'Error: late since <date>'],
  ['Error: due 31.01.2026 at 14:05', 'Error: due <date> at <date>'],
  ['Error: balance -12.50 below 1,000.00', 'Error: balance <n> below <n>'],
  ['Error: took 30s, at most 2.5e3 ms', 'Error: took <n>s, at most <n>e<n> ms'],
  ['Error: ids 1, 2, 3 are missing', 'Error: ids <n> are missing'],
  ['Error: columns "a", "b" and "c" differ', 'Error: columns <value> differ'],
  ['Error: mail to anna.b+x@example.co.uk bounced', 'Error: mail to <email> bounced'],
  ['Error: {"orderId":"17","amount":3.5} refused', 'Error: {<value>:<value>:<n>} refused'],
  ['Error: shard3 of db12 is down', 'Error: shard<n> of db<n> is down'],
  ['Error: first line\nsecond line 17', 'Error: first line'],
  ['  Error:   many    spaces ', 'Error: many spaces'],
  ['', ''],
]

describe('a message', () => {
  it.each(masked)('%s', (message, wanted) => {
    expect(maskMessage(message)).toBe(wanted)
  })

  it('of any kind is masked within a moment, and once is enough for what is masked', () => {
    const nasty = [
      'a-'.repeat(5000),
      '/a'.repeat(5000),
      '1.'.repeat(5000),
      "'".repeat(9999),
      'a@'.repeat(5000),
      ':'.repeat(9999),
      '"\\'.repeat(5000),
      'a1'.repeat(5000),
      '<n>, '.repeat(3000),
      '2026-01-01 '.repeat(1000),
    ]
    const begun = performance.now()
    for (const text of nasty) maskMessage(text)
    // Thousands of times what it takes: catastrophic patterns take minutes.
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})

describe('a fingerprint', () => {
  const cause = (message: string, stack?: string): CauseOfDeath => ({
    kind: 'error',
    message,
    ...(stack === undefined ? {} : { stack }),
  })
  const at = (line: number, file = 'orders.ts', name = 'charge') =>
    `Error: boom\n    at ${name} (${file}:${line}:11)\n    at async orders.ts:9:3`

  it('is equal for equal faults, wherever in the file the line has moved', () => {
    expect(fingerprint(cause('Error: order 1 is gone', at(17)))).toBe(
      fingerprint(cause('Error: order 2 is gone', at(23))),
    )
  })

  it('differs by kind, message, function and file', () => {
    const all = [
      fingerprint(cause('Error: gone', at(1))),
      fingerprint(cause('Error: late', at(1))),
      fingerprint(cause('Error: gone', at(1, 'refunds.ts'))),
      fingerprint(cause('Error: gone', at(1, 'orders.ts', 'refund'))),
      fingerprint({ kind: 'timeout', message: 'Error: gone' }),
      fingerprint({ kind: 'exit', message: 'gone', exitCode: 1 }),
      fingerprint({ kind: 'exit', message: 'gone', exitCode: 2 }),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  it("goes by the author's frame, not by that of Node or of a package", () => {
    const through = (lib: string) =>
      `Error: boom\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1606:16)\n    at get (node_modules/${lib}/index.js:4:2)\n    at async load (load.ts:3:9)`
    expect(fingerprint(cause('Error: boom', through('a')))).toBe(fingerprint(cause('Error: boom', through('b'))))
    const own = 'Error: boom\n    at load (load.ts:99:1)'
    expect(fingerprint(cause('Error: boom', own))).toBe(fingerprint(cause('Error: boom', through('a'))))
  })

  it('does not look into the chain of causes, nor at folders of a machine', () => {
    const chained = `${at(3)}\nCaused by: Error: 1\n    at other (x.ts:1:1)`
    expect(fingerprint(cause('Error: boom', chained))).toBe(fingerprint(cause('Error: boom', at(4))))
    const on = (folder: string) => `Error: boom\n    at f (${folder}/lib.js:1:1)`
    expect(fingerprint(cause('Error: boom', on('/home/anna')))).toBe(fingerprint(cause('Error: boom', on('/srv/x9'))))
  })

  it('stays what it is: stored letters are grouped with new ones', () => {
    expect(fingerprint(cause('Error: order 12345 was not found', at(17)))).toMatchInlineSnapshot(`"4b2791c87bd9864e"`)
    expect(fingerprint({ kind: 'timeout', message: 'ran longer than its timeout of 30 s' })).toMatchInlineSnapshot(
      `"6f4b5953bbb6b51f"`,
    )
  })
})
