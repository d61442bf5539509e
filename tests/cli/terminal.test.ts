/** The panel, the progress line and what user text may do to a terminal. */
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { elapsed, instant, table } from '../../cli/output.ts'
import { type Activity, NO_ACTIVITY, summaryLine } from '../../cli/terminal/activity.ts'
import { createLivePanel, panelLines } from '../../cli/terminal/live-panel.ts'
import { createPlainLog } from '../../cli/terminal/plain-log.ts'
import { withProgress } from '../../cli/terminal/progress-line.ts'
import { safeColouredText, safeText } from '../../cli/terminal/safe-text.ts'

const busy: Activity = {
  dags: { active: 3, paused: 1, broken: 1 },
  runs: { running: 2, success: 40 },
  tis: { queued: 5, running: 8, success: 410 },
  endedPerSecond: 120,
  draining: false,
  errors: [{ at: Date.UTC(2026, 0, 1, 12), text: 'sales.ts: \u001b[2Jbad\ncron' }],
}

const ESC = '\u001b'

describe('user text', () => {
  test('cannot move the cursor, clear the screen or set the title', () => {
    expect(safeText(`a${ESC}[2Jb${ESC}]0;title\u0007c\rd\be\u009b5m`)).toBe('abcde')
  })
  test('keeps its colours where they are wanted', () => {
    expect(safeColouredText(`${ESC}[31mred${ESC}[2J${ESC}[0m plain`)).toBe(`${ESC}[31mred${ESC}[0m plain${ESC}[0m`)
  })
})

describe('the panel', () => {
  test('says that it is draining, on a line no wider than the terminal', () => {
    for (const columns of [20, 80]) {
      const lines = panelLines({ ...NO_ACTIVITY, draining: true }, 'head', columns).map(stripVTControlCharacters)
      expect(lines.some((line) => line.startsWith('Draining: no new ta'))).toBe(true)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
    }
    expect(summaryLine({ ...NO_ACTIVITY, draining: true })).toMatch(
      /; draining: no new tasks until `tradewind resume`$/,
    )
  })
  test('shows Dags, runs, TIs, rate and errors, no line wider than the terminal', () => {
    for (const columns of [20, 40, 80]) {
      const lines = panelLines(busy, 'Tradewind at http://127.0.0.1:8080', columns).map(stripVTControlCharacters)
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns)
    }
    const text = panelLines(busy, 'head', 80).map(stripVTControlCharacters).join('\n')
    expect(text).toContain('3 active')
    expect(text).toContain('1 broken')
    expect(text).toContain('2 running  40 success')
    expect(text).toContain('120/s')
    expect(text).toContain('12:00:00 sales.ts: bad cron')
  })

  describe('on a terminal', () => {
    beforeEach(() => {
      vi.useFakeTimers({ now: 0 })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    test('is redrawn at most four times a second, and not when nothing changed', () => {
      const written: string[] = []
      const panel = createLivePanel({ columns: 80, write: (text) => written.push(text) }, () => 'head', Date.now)
      for (let i = 0; i < 100; i++) {
        panel.show({ ...busy, endedPerSecond: i + 1 })
        vi.advanceTimersByTime(10)
      }
      const drawn = written.filter((text) => text.includes('head')).length
      expect(drawn).toBeGreaterThanOrEqual(3)
      expect(drawn).toBeLessThanOrEqual(5)
      panel.show({ ...busy, endedPerSecond: 100 })
      vi.advanceTimersByTime(1_000)
      const before = written.length
      panel.show({ ...busy, endedPerSecond: 100 })
      vi.advanceTimersByTime(1_000)
      expect(written.length).toBe(before)
      panel.close()
    })

    test('gives the cursor back, once', () => {
      const written: string[] = []
      const panel = createLivePanel({ write: (text) => written.push(text) }, () => 'head', Date.now)
      panel.show(busy)
      panel.close()
      panel.close()
      vi.advanceTimersByTime(1_000)
      expect(written.join('').match(/\?25h/g)).toHaveLength(1)
      expect(written.at(-1)).toBe(`${ESC}[?25h`)
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})

test('without a terminal a summary comes every ten seconds, and only if it changed', () => {
  const lines: string[] = []
  let now = 0
  const log = createPlainLog(
    (line) => lines.push(line),
    () => now,
  )
  log.show(busy)
  now = 10_000
  log.show(busy)
  now = 20_000
  log.show({ ...busy, endedPerSecond: 5 })
  now = 30_000
  log.show(NO_ACTIVITY)
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('Dags: 3 active, 1 paused, 1 broken; runs: 2 running, 40 success')
  expect(summaryLine(NO_ACTIVITY)).toBe('Dags: 0 active; runs: none; TIs: none')
})

describe('the progress line', () => {
  test('is silent without a terminal and gives the result', async () => {
    const written: string[] = []
    expect(await withProgress({ write: (text) => written.push(text) }, 'x', async () => 7)).toBe(7)
    expect(written).toEqual([])
  })

  test('is taken away again, also after an error', async () => {
    vi.useFakeTimers()
    try {
      const written: string[] = []
      const target = { isTTY: true, columns: 30, write: (text: string) => written.push(text) }
      const attempt = withProgress(target, 'exporting', async () => {
        await vi.advanceTimersByTimeAsync(2_000)
        throw new Error('disk full')
      })
      await expect(attempt).rejects.toThrow('disk full')
      expect(written.some((text) => text.includes('exporting'))).toBe(true)
      expect(written.at(-1)).toBe(`\r${ESC}[K`)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

test('tables, instants and durations', () => {
  expect(table(['dag', 'paused'], [[`a${ESC}[2J`, true]])).toBe('DAG  PAUSED\na    yes')
  expect(instant(Date.UTC(2026, 0, 31, 2))).toBe('2026-01-31 02:00:00Z')
  expect([elapsed(0, 850), elapsed(0, 12_340), elapsed(0, 245_000), elapsed(0, 7_800_000), elapsed(null, 1)]).toEqual([
    '850 ms',
    '12.3 s',
    '4 min 5 s',
    '2 h 10 min',
    '-',
  ])
})
