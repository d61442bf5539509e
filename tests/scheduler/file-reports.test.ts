import { describe, expect, it } from 'vitest'
import type { DagFileReport } from '../../core/ports/dag-source.ts'
import { DagFileMemory } from '../../scheduler/dag-file-memory.ts'

const parsed = (file: string, at = 0): DagFileReport => ({
  type: 'parsed',
  file,
  bundleHash: 'b',
  dags: [],
  warnings: [],
  at,
})

describe('reports of Dag files', () => {
  it('are kept once for each file, so a standby that never takes them does not grow', () => {
    const memory = new DagFileMemory()
    for (let i = 0; i < 1000; i++) memory.add(parsed('a.ts', i))
    memory.add(parsed('b.ts'))
    expect(memory.take(10)).toEqual([parsed('a.ts', 999), parsed('b.ts')])
  })

  it('are taken in bounded portions, in order, the end of the folder after its files', () => {
    const memory = new DagFileMemory()
    for (let i = 0; i < 5; i++) memory.add(parsed(`${i}.ts`))
    memory.add({ type: 'complete', files: [], at: 0 })
    expect(memory.take(3)).toHaveLength(3)
    expect(memory.isWaiting).toBe(true)
    expect(memory.take(3).map((report) => report.type)).toEqual(['parsed', 'parsed', 'complete'])
    expect(memory.isWaiting).toBe(false)
  })

  it('start over with every term: what is there now, and what is not', () => {
    const memory = new DagFileMemory()
    memory.add(parsed('a.ts'))
    memory.add(parsed('b.ts'))
    memory.add({ type: 'complete', files: ['a.ts', 'b.ts'], at: 0 })
    memory.take(10)
    memory.add({ type: 'gone', file: 'a.ts', at: 1 })
    memory.startOver()
    expect(memory.take(10)).toEqual([parsed('b.ts'), { type: 'complete', files: ['b.ts'], at: 0 }])
  })
})
