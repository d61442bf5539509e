/**
 * `npm run bench`: the standard set. `npm run bench -- NAME ...`: these. `--json` prints one object a line and nothing else
 * on standard output; `--write` puts a full run into RESULTS.md.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { backlog } from './backlog.ts'
import type { Benchmark, Result } from './benchmark.ts'
import { chainHeavy } from './chain-heavy.ts'
import { chainLight } from './chain-light.ts'
import { fanOut } from './fan-out.ts'
import { history } from './history.ts'
import { parse } from './parse.ts'
import { startMemory } from './start-memory.ts'
import { storm } from './storm.ts'

const ALL: readonly Benchmark[] = [chainLight, fanOut, chainHeavy, backlog, storm, parse, startMemory, history]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    tiny: { type: 'boolean', default: false },
  },
})

const unknown = positionals.filter((name) => !ALL.some((one) => one.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `No benchmark is called ${unknown.join(', ')}. There are: ${ALL.map((one) => one.name).join(', ')}\n`,
  )
  process.exit(2)
}

const profileTo = values.profile ? join(import.meta.dirname, 'profiles') : null
if (profileTo !== null) await mkdir(profileTo, { recursive: true })

const chosen = positionals.length === 0 ? ALL : ALL.filter((one) => positionals.includes(one.name))
for (const benchmark of chosen) {
  const note = (line: string) => process.stderr.write(`  ${line}\n`)
  process.stderr.write(`${benchmark.name}: ${benchmark.what}\n`)
  const results = await benchmark.run({
    size: values.tiny ? 'tiny' : 'standard',
    runs: Number(values.runs),
    profileTo,
    note,
  })
  for (const result of results) process.stdout.write(`${values.json ? JSON.stringify(result) : shown(result)}\n`)
}
if (profileTo !== null) process.stderr.write(`CPU profiles (open them in Chrome's DevTools) are in ${profileTo}\n`)

function shown(result: Result): string {
  const against = result.ratio === null ? '' : `, ${result.ratio} x ${result.against}`
  const verdict = result.holds === null ? 'no verdict' : result.holds ? 'holds' : 'FAILS'
  return `${result.name}: ${result.value} ${result.unit}${against}${result.bar === null ? '' : `; ${result.bar}: ${verdict}`}`
}
