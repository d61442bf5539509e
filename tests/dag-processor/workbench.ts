/**
 * A Dags folder of its own with a real Dag processor on it: files are written, reports are awaited. Nothing is polled and
 * nothing sleeps; a report that never comes fails the test by its own limit.
 */
import { cp, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DagFileReport } from '../../core/ports/dag-source.ts'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import {
  createDagProcessor,
  type DagProcessor,
  type DagProcessorOptions,
  type SdkExports,
} from '../../scheduler/dag-processor/index.ts'
import * as airflow from '../../sdk/airflow.ts'
import * as tradewind from '../../sdk/index.ts'

export const SDK_EXPORTS: SdkExports = { tradewind: Object.keys(tradewind), airflow: Object.keys(airflow) }
export const PARSE_CHILD = new URL('../../worker/parse-child.ts', import.meta.url)
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

export type FileReport = Exclude<DagFileReport, { type: 'complete' }>
export type Parsed = Extract<DagFileReport, { type: 'parsed' }>
export type Broken = Extract<DagFileReport, { type: 'broken' }>

export interface Workbench extends AsyncDisposable {
  /** Holds `dags/` and what lies beside it. */
  readonly root: string
  readonly folder: string
  readonly cacheDir: string
  readonly processor: DagProcessor
  readonly reports: DagFileReport[]
  readonly bundles: Map<string, BundleCode>
  readonly log: string[]
  /** `path` relative to the Dags folder. */
  write(path: string, text: string): Promise<void>
  remove(path: string): Promise<void>
  move(from: string, to: string): Promise<void>
  /** Packages of this repository, for Dag files to import. */
  installPackages(): Promise<void>
  /** The first report on `file`, from now on or among those already there after `from`, that `wanted` accepts. */
  next(file: string, wanted?: (report: FileReport) => boolean, from?: number): Promise<FileReport>
  parsed(file: string, from?: number): Promise<Parsed>
  broken(file: string, from?: number): Promise<Broken>
  gone(file: string, from?: number): Promise<FileReport>
  lastOf(file: string): FileReport | undefined
}

const LONGEST_WAIT_MS = 20_000

export async function openWorkbench(options: Partial<DagProcessorOptions> = {}): Promise<Workbench> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'tradewind-dags-')))
  const folder = join(root, 'dags')
  const cacheDir = join(root, 'cache')
  await mkdir(folder)
  const reports: DagFileReport[] = []
  const bundles = new Map<string, BundleCode>()
  const log: string[] = []
  const listeners = new Set<(report: DagFileReport) => void>()
  const processor = createDagProcessor({
    folder,
    cacheDir,
    bundles: {
      async saveBundle(bundle) {
        bundles.set(bundle.hash, bundle)
      },
    },
    report(report) {
      reports.push(report)
      for (const listener of [...listeners]) listener(report)
    },
    parseChildEntry: PARSE_CHILD,
    sdkExports: SDK_EXPORTS,
    limits: { parseTimeoutMs: 10_000, parseMemoryMb: 256 },
    childEnv: { PATH: process.env.PATH ?? '' },
    log: (line) => log.push(line),
    ...options,
  })

  const bench: Workbench = {
    root,
    folder,
    cacheDir,
    processor,
    reports,
    bundles,
    log,
    async write(path, text) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    },
    remove: (path) => rm(join(folder, path), { recursive: true }),
    move: (from, to) => rename(join(folder, from), join(folder, to)),
    installPackages: () => symlink(join(REPOSITORY, 'node_modules'), join(root, 'node_modules')),
    next(file, wanted = () => true, from = reports.length) {
      const accepts = (report: DagFileReport): report is FileReport =>
        report.type !== 'complete' && report.file === file && wanted(report)
      const there = reports.slice(from).find(accepts)
      if (there !== undefined) return Promise.resolve(there)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(listen)
          reject(
            new Error(
              `No such report on ${file}. There are: ${JSON.stringify(reports.slice(from), null, 1)}\n${log.join('\n')}`,
            ),
          )
        }, LONGEST_WAIT_MS)
        const listen = (report: DagFileReport) => {
          if (!accepts(report)) return
          clearTimeout(timer)
          listeners.delete(listen)
          resolve(report)
        }
        listeners.add(listen)
      })
    },
    async parsed(file, from) {
      const report = await bench.next(file, ({ type }) => type === 'parsed', from)
      if (report.type !== 'parsed') throw new Error('not parsed')
      return report
    },
    async broken(file, from) {
      const report = await bench.next(file, ({ type }) => type === 'broken', from)
      if (report.type !== 'broken') throw new Error('not broken')
      return report
    },
    gone: (file, from) => bench.next(file, ({ type }) => type === 'gone', from),
    lastOf: (file) =>
      reports.findLast((report): report is FileReport => report.type !== 'complete' && report.file === file),
    async [Symbol.asyncDispose]() {
      await processor.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
  return bench
}

/** A copy of a folder of the workbench, elsewhere on the machine. */
export async function copyElsewhere(from: string): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'tradewind-a-much-longer-name-')))
  await cp(from, root, { recursive: true, verbatimSymlinks: true })
  return root
}

/** A Dag with one task. */
export function dagFile(dagId: string, extra = ''): string {
  return `import { Dag } from 'tradewind'
const dag = new Dag('${dagId}', { schedule: null })
dag.task('only', async () => 1)()
${extra}
`
}

/** Dag ids of a report. */
export function idsOf(report: FileReport): string[] {
  return report.type === 'parsed' ? report.dags.map(({ serialized }) => serialized.dagId) : []
}
