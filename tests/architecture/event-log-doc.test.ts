/** The page of the event log tells every kind there is, in the words of the table in the code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EVENT_KINDS } from '../../core/event-log/kinds.ts'
import { ROOT } from './source-files.ts'

test('docs/event-log.md lists every kind of event, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs/event-log.md'), 'utf8')
  const table = page.slice(page.indexOf('\n## Kinds\n'))
  const rows = [...table.matchAll(/^\| `(.+?)` \| (.*) \|$/gm)].map(([, kind, text]) => [kind, text])
  expect(rows).toEqual(Object.entries(EVENT_KINDS))
})
