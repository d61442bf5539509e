/**
 * Each benchmark once at its smallest, so that none rots unseen. What it measures here says nothing, on this machine and
 * beside other tests; that it ends, and with which lines, does.
 */
import { expect, test } from 'vitest'
import { backlog } from '../../benchmarks/backlog.ts'
import type { Benchmark } from '../../benchmarks/benchmark.ts'
import { chainHeavy } from '../../benchmarks/chain-heavy.ts'
import { chainLight } from '../../benchmarks/chain-light.ts'
import { fanOut } from '../../benchmarks/fan-out.ts'
import { history } from '../../benchmarks/history.ts'
import { parse } from '../../benchmarks/parse.ts'
import { startMemory } from '../../benchmarks/start-memory.ts'
import { storm } from '../../benchmarks/storm.ts'

const LIMIT_MS = 300_000
const ON_LINUX = process.platform === 'linux'

const EXPECTED: readonly (readonly [Benchmark, readonly string[]])[] = [
  [chainLight, ['chain-light']],
  [chainHeavy, ['chain-heavy']],
  [fanOut, ['fan-out']],
  [storm, ['storm', 'storm-created', 'storm-idle-tick']],
  [backlog, ['backlog', 'backlog-memory']],
  [parse, ['parse', 'parse-edit']],
  [history, ['history-chain-unanalysed', 'history-fan-out-unanalysed', 'history-chain', 'history-fan-out']],
  [startMemory, ['cold-start', 'warm-start', ...(ON_LINUX ? ['memory-idle', 'memory-fan-out'] : [])]],
]

test.each(EXPECTED.map(([benchmark, lines]) => ({ name: benchmark.name, benchmark, lines })))(
  '$name',
  async ({ benchmark, lines }) => {
    const results = await benchmark.run({ size: 'tiny', runs: 1, profileTo: null, note: () => {} })
    expect(results.map((result) => result.name)).toEqual(lines)
    for (const { name, value, ratio } of results) {
      if (name === 'backlog-memory' && !ON_LINUX) continue
      expect(value, name).toBeGreaterThan(name === 'chain-heavy' ? Number.NEGATIVE_INFINITY : 0)
      expect(ratio === null || Number.isFinite(ratio), name).toBe(true)
    }
  },
  LIMIT_MS,
)
