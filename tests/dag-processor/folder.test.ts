/** What a person sees who works in the Dags folder: files appear, change, break, heal, move and go. */
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { dagFile, idsOf, openWorkbench } from './workbench.ts'

describe('at start', () => {
  test('every file is reported once, then complete', async () => {
    await using bench = await openWorkbench()
    await bench.write('b.ts', dagFile('b'))
    await bench.write('nested/deep/a.mts', dagFile('a'))
    await bench.write('plain.js', dagFile('plain_js'))
    await bench.write('broken.ts', 'const = 1')
    await bench.processor.start()
    expect(bench.reports.map((report) => report.type).sort()).toEqual([
      'broken',
      'complete',
      'parsed',
      'parsed',
      'parsed',
    ])
    expect(bench.reports.at(-1)).toMatchObject({
      type: 'complete',
      files: ['b.ts', 'broken.ts', 'nested/deep/a.mts', 'plain.js'],
    })
    const parsed = bench.lastOf('nested/deep/a.mts')!
    expect(idsOf(parsed)).toEqual(['a'])
    expect(parsed).toMatchObject({ dags: [{ serialized: { file: 'nested/deep/a.mts', line: 2 } }] })
    expect(bench.bundles.has(parsed.type === 'parsed' ? parsed.bundleHash : '')).toBe(true)
  })

  test('a missing folder is created and said so', async () => {
    await using bench = await openWorkbench()
    await rm(bench.folder, { recursive: true })
    await bench.processor.start()
    expect(bench.log.join('\n')).toContain(`Created the Dags folder ${bench.folder}`)
    await bench.write('a.ts', dagFile('a'))
    await bench.parsed('a.ts', 0)
  })

  test('a folder that is a file is refused with the remedy', async () => {
    await using bench = await openWorkbench()
    await rm(bench.folder, { recursive: true })
    await writeFile(bench.folder, '')
    await expect(bench.processor.start()).rejects.toThrow(/is a file\. Remove it, or set dags\.folder/)
  })

  test('modules, declarations, tests, hidden files, temporary files and packages are not Dag files', async () => {
    await using bench = await openWorkbench()
    await bench.write('lib/shared.ts', 'export const shared = 1')
    await bench.write(
      'lib/uses-sdk.ts',
      `import { Dag } from 'tradewind'\nexport const make = (id: string) => new Dag(id)`,
    )
    for (const path of [
      'a.d.ts',
      'a.test.ts',
      '.hidden.ts',
      '.#lock.ts',
      '.git/a.ts',
      'node_modules/p/a.ts',
      'a.ts~',
      'a.ts.swp',
    ]) {
      await bench.write(path, dagFile('never'))
    }
    await bench.processor.start()
    expect(bench.reports).toEqual([{ type: 'complete', files: [], at: expect.any(Number) }])
  })

  test('links are followed, also in circles', async () => {
    await using bench = await openWorkbench()
    await mkdir(join(bench.root, 'elsewhere'))
    await writeFile(join(bench.root, 'elsewhere', 'linked.ts'), dagFile('linked'))
    await symlink('../elsewhere', join(bench.folder, 'team'))
    await symlink('.', join(bench.folder, 'circle'))
    await symlink('nowhere', join(bench.folder, 'dangling.ts'))
    await bench.processor.start()
    expect(idsOf(bench.lastOf('team/linked.ts')!)).toEqual(['linked'])
    expect(bench.reports).toHaveLength(2)
    const from = bench.reports.length
    await writeFile(join(bench.root, 'elsewhere', 'linked.ts'), dagFile('relinked'))
    expect(idsOf(await bench.parsed('team/linked.ts', from))).toEqual(['relinked'])
  })
})

describe('while it runs', () => {
  test('a file appears, is edited, breaks, heals, is renamed and deleted', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.processor.start()
    await bench.write('sales.ts', dagFile('sales'))
    const first = await bench.parsed('sales.ts', 0)
    expect(idsOf(first)).toEqual(['sales'])

    let from = bench.reports.length
    await bench.write('sales.ts', dagFile('sales', `dag.task('more', async () => 2)()`))
    const second = await bench.parsed('sales.ts', from)
    expect(second.bundleHash).not.toBe(first.bundleHash)
    expect(second.dags[0]?.contentHash).not.toBe(first.dags[0]?.contentHash)
    expect(second.dags[0]?.serialized.tasks.map(({ taskId }) => taskId)).toEqual(['only', 'more'])

    from = bench.reports.length
    await bench.write('sales.ts', `${dagFile('sales')}\nconst rows = [1, 2\nexport {}`)
    expect((await bench.broken('sales.ts', from)).problems).toMatchObject([
      { code: 'syntax-error', file: 'sales.ts', line: 7, remedy: expect.stringContaining('Correct sales.ts:7') },
    ])

    from = bench.reports.length
    await bench.write('sales.ts', dagFile('sales'))
    expect((await bench.parsed('sales.ts', from)).dags[0]?.contentHash).toBe(first.dags[0]?.contentHash)

    from = bench.reports.length
    await bench.move('sales.ts', 'nested.ts')
    await Promise.all([bench.gone('sales.ts', from), bench.parsed('nested.ts', from)])
    await bench.gone('sales.ts', from)

    from = bench.reports.length
    await bench.remove('nested.ts')
    await bench.gone('nested.ts', from)
  })

  test('a new folder with files, and its removal', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.processor.start()
    await bench.write('team/a/one.ts', dagFile('one'))
    await bench.write('team/b/two.ts', dagFile('two'))
    await Promise.all([bench.parsed('team/a/one.ts', 0), bench.parsed('team/b/two.ts', 0)])
    const from = bench.reports.length
    await bench.remove('team')
    await Promise.all([bench.gone('team/a/one.ts', from), bench.gone('team/b/two.ts', from)])
  })

  test('an editor that writes beside and renames over makes one change, and no deletion', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.write('a.ts', dagFile('a'))
    await bench.processor.start()
    const from = bench.reports.length
    await writeFile(join(bench.folder, '.a.ts.tmp'), dagFile('a2'))
    await rename(join(bench.folder, '.a.ts.tmp'), join(bench.folder, 'a.ts'))
    expect(idsOf(await bench.parsed('a.ts', from))).toEqual(['a2'])
    expect(bench.reports.slice(from).map(({ type }) => type)).toEqual(['parsed'])
  })

  test('.airflowignore: glob syntax, nested, and its changes', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.write('.airflowignore', '# drafts\ndrafts/\n*_old.ts\nkept.ts\n')
    await bench.write('drafts/a.ts', dagFile('draft'))
    await bench.write('x_old.ts', dagFile('old'))
    await bench.write('team/.airflowignore', '*.ts\n!kept.ts\n')
    await bench.write('team/kept.ts', dagFile('kept'))
    await bench.write('team/other.ts', dagFile('other'))
    await bench.processor.start()
    expect(bench.reports.at(-1)).toMatchObject({ files: ['team/kept.ts'] })
    let from = bench.reports.length
    await bench.write('.airflowignore', 'team/\n')
    await Promise.all([
      bench.parsed('drafts/a.ts', from),
      bench.parsed('x_old.ts', from),
      bench.gone('team/kept.ts', from),
    ])
    from = bench.reports.length
    await bench.remove('.airflowignore')
    await bench.parsed('team/kept.ts', from)
  })

  test('a shared module and imported data: a change looks again at the files that use them', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await mkdir(join(bench.root, 'outside'))
    await writeFile(join(bench.root, 'outside/shared.ts'), `export const outside = 'o1'`)
    await bench.write('lib/shared.ts', `import { readable } from './second.ts'\nexport const note: string = readable`)
    await bench.write('lib/second.ts', `export const readable = 'r1'`)
    await bench.write('data.json', '{ "rows": 1 }')
    await bench.write('query.sql', 'select 1')
    await bench.write(
      'uses.ts',
      `import { Dag } from 'tradewind'
import { outside } from '../outside/shared.ts'
import data from './data.json' with { type: 'json' }
import { note } from './lib/shared.ts'
import query from './query.sql' with { type: 'text' }
import plain from './query.sql'
const dag = new Dag('uses', { description: [note, data.rows, query, plain === query, outside].join() })
dag.task('only', async () => 1)()`,
    )
    await bench.write('alone.ts', dagFile('alone'))
    await bench.processor.start()
    const description = async (from: number) => (await bench.parsed('uses.ts', from)).dags[0]?.serialized.description
    expect(await description(0)).toBe('r1,1,select 1,true,o1')
    let from = bench.reports.length
    await bench.write('lib/second.ts', `export const readable = 'r2'`)
    expect(await description(from)).toBe('r2,1,select 1,true,o1')
    from = bench.reports.length
    await bench.write('data.json', '{ "rows": 2 }')
    expect(await description(from)).toBe('r2,2,select 1,true,o1')
    from = bench.reports.length
    await bench.write('query.sql', 'select 2')
    expect(await description(from)).toBe('r2,2,select 2,true,o1')
    from = bench.reports.length
    await writeFile(join(bench.root, 'outside/shared.ts'), `export const outside = 'o2'`)
    expect(await description(from)).toBe('r2,2,select 2,true,o2')
    from = bench.reports.length
    await bench.remove('lib/second.ts')
    expect((await bench.broken('uses.ts', from)).problems).toMatchObject([
      { code: 'unresolved-import', file: 'lib/shared.ts', line: 1, remedy: expect.stringContaining('lib/second.ts') },
    ])
    from = bench.reports.length
    await bench.write('lib/second.ts', `export const readable = 'r3'`)
    expect(await description(from)).toBe('r3,2,select 2,true,o2')
    expect(bench.reports.filter((report) => report.type === 'parsed' && report.file === 'alone.ts')).toHaveLength(1)
  })

  test('what no hint told is found by the rescan; a touched file is not reported again', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.write('a.ts', dagFile('a'))
    await bench.processor.start()
    const from = bench.reports.length
    await utimes(join(bench.folder, 'a.ts'), new Date(), new Date())
    await bench.processor.rescan()
    expect(bench.reports.slice(from)).toEqual([])
    await bench.write('a.ts', dagFile('a2'))
    await bench.write('b.ts', dagFile('b'))
    await bench.processor.rescan()
    expect(
      bench.reports
        .slice(from)
        .map((report) => report.type !== 'complete' && [report.file, idsOf(report)])
        .sort(),
    ).toEqual([
      ['a.ts', ['a2']],
      ['b.ts', ['b']],
    ])
  })

  test('a folder that is away for a while takes no Dag with it', async () => {
    await using bench = await openWorkbench({ rescanMs: 100 })
    await bench.write('a.ts', dagFile('a'))
    await bench.processor.start()
    const from = bench.reports.length
    await rename(bench.folder, `${bench.folder}-away`)
    await bench.processor.rescan()
    expect(bench.log.join('\n')).toContain('stay as they are')
    await rename(`${bench.folder}-away`, bench.folder)
    await bench.write('b.ts', dagFile('b'))
    await bench.parsed('b.ts', from)
    expect(bench.reports.slice(from).map(({ type }) => type)).toEqual(['parsed'])
    await bench.write('c.ts', dagFile('c'))
    await bench.parsed('c.ts', from)
  })

  test('a file that is written all the time is looked at within a second, and taken when it is whole', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.processor.start()
    const whole = dagFile('slow')
    const began = performance.now()
    let brokenAfter = 0
    const isBroken = bench.broken('slow.ts', 0).then(() => {
      brokenAfter = performance.now() - began
    })
    await bench.write('slow.ts', 'export const half = [')
    let noise = 0
    for await (const _ of setInterval(10)) {
      await appendFile(join(bench.folder, 'slow.ts'), '1,')
      await bench.write(`noise/${noise++}.txt`, 'a copy of a large folder')
      if (brokenAfter > 0) break
    }
    await isBroken
    expect(brokenAfter).toBeLessThan(1000)
    const from = bench.reports.length
    await bench.write('slow.ts', whole)
    expect(idsOf(await bench.parsed('slow.ts', from))).toEqual(['slow'])
  })

  test('a file that lost its last Dag is gone', async () => {
    await using bench = await openWorkbench()
    await bench.write('a.ts', dagFile('a'))
    await bench.processor.start()
    const from = bench.reports.length
    await bench.write('a.ts', 'export const helper = 1')
    await bench.gone('a.ts', from)
  })
})

describe('the same Dag id in two files', () => {
  test('the first by name keeps it at start; the other takes over when it lets go', async () => {
    await using bench = await openWorkbench()
    await bench.write('a.ts', dagFile('same'))
    await bench.write('b.ts', dagFile('same'))
    await bench.processor.start()
    expect(bench.lastOf('a.ts')?.type).toBe('parsed')
    expect(bench.lastOf('b.ts')).toMatchObject({
      type: 'broken',
      problems: [
        { code: 'duplicate-dag-id', dagId: 'same', file: 'b.ts', line: 2, message: expect.stringContaining('a.ts') },
      ],
    })
    let from = bench.reports.length
    await bench.write('a.ts', dagFile('other'))
    await Promise.all([bench.parsed('a.ts', from), bench.parsed('b.ts', from)])
    from = bench.reports.length
    await bench.write('a.ts', dagFile('same'))
    expect((await bench.broken('a.ts', from)).problems[0]?.message).toContain('b.ts')
    from = bench.reports.length
    await bench.remove('b.ts')
    await bench.parsed('a.ts', from)
  })
})
