/** An idle thread gives its memory back, once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { noticeIdle } from '../../cli/collect-when-idle.ts'

const FIXTURE = new URL('./fixtures/idle-thread.ts', import.meta.url).pathname
const PERIODS = 15

interface Line {
  readonly what: 'collected' | 'time passed'
  readonly heapMb: number
  readonly gcIsSeen: boolean
}

/** What it said until it was collected, or for `PERIODS` tenths of a second. */
async function linesOf(where: 'main' | 'thread', largestHeapMb: number): Promise<Line[]> {
  const bytes = String(largestHeapMb * 1024 * 1024)
  const child = spawn(process.execPath, [FIXTURE, where, bytes], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line) as Line)
    if (lines.at(-1)?.what === 'collected' || (largestHeapMb === 0 && lines.length >= PERIODS)) break
  }
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return lines
}

describe('a thread that becomes idle', () => {
  it.each(['main', 'thread'] as const)('is collected: %s', async (where) => {
    const lines = await linesOf(where, 1_000)
    expect(lines[0]?.heapMb).toBeGreaterThan(40)
    const last = lines.at(-1)
    expect(last?.what).toBe('collected')
    expect(last?.heapMb).toBeLessThan(20)
    // Nothing else in the program can ask for a collection.
    expect(lines.map(({ gcIsSeen }) => gcIsSeen)).not.toContain(true)
  })

  it('is left alone while so much lives that it would be held up for long', async () => {
    const lines = await linesOf('main', 0)
    expect(lines.map(({ what }) => what)).not.toContain('collected')
  })
})

describe('becoming idle', () => {
  it.each([
    ['after the start', [0.9, 0.01, 0.01, 0], [1]],
    ['at once where the start was short', [0, 0, 0], [0]],
    ['once for each time it was busy', [0.9, 0.01, 0.02, 0.4, 0.3, 0, 0, 0.11, 0.04], [1, 5, 8]],
    ['not after a little more than nothing', [0, 0.07, 0.03, 0.09, 0.01], [0]],
    ['not before there is next to nothing to do', [0.9, 0.07, 0.06, 0.04], [3]],
  ])('%s', (_name, shares, expected) => {
    const becomesIdle = noticeIdle()
    expect(shares.flatMap((share, at) => (becomesIdle(share) ? [at] : []))).toEqual(expected)
  })
})
