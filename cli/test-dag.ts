/**
 * Runs a Dag of one file once, here and now, with the real scheduler, executor and child processes over tables in memory:
 * what is tried is what will run, and no database is needed or touched.
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { platformDefaults } from '../core/config/platform-defaults-from-config.ts'
import { tryKeyText } from '../core/ids.ts'
import type { ParsedDag } from '../core/ports/dag-source.ts'
import type { LogAddress, LogLine, LogStore } from '../core/ports/log-store.ts'
import type { BundleCode, WorkerApi } from '../core/ports/worker-api.ts'
import type { RunRecord, TiRecord, TryRecord } from '../core/records.ts'
import type { ImportProblem } from '../core/serialized-dag.ts'
import { FINISHED_RUN_STATES } from '../core/states.ts'
import { createScheduler } from '../scheduler/scheduler.ts'
import { systemClock } from '../scheduler/system-clock.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { createMemoryWorkerApi } from '../testing/memory-worker-api.ts'
import { chooseChildIdentity } from './child-identity.ts'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'
import { makeDagProcessor, makeExecutor } from './compose.ts'
import type { ProgramConfig } from './load-config.ts'
import { PACKAGE_ROOT } from './package-root.ts'

export interface TestRequest {
  /** Of the Dag file; absolute or from the working directory. */
  readonly file: string
  /** Needed when the file declares several. */
  readonly dagId?: string
  /** JSON text. */
  readonly conf?: string
  readonly logicalDate?: number
  readonly variables: ReadonlyMap<string, string>
  onLog(address: LogAddress, line: LogLine): void
  /** Lines of the parts, such as what a file prints while it is imported. */
  log(line: string): void
}

export type TestResult =
  | { readonly kind: 'broken'; readonly problems: readonly ImportProblem[] }
  | {
      readonly kind: 'ran'
      readonly run: RunRecord
      readonly tis: readonly TiRecord[]
      readonly tries: readonly TryRecord[]
      /** JSON text of each TI's return value, by TI id. */
      readonly results: ReadonlyMap<number, string>
    }

export async function testDag(program: ProgramConfig, request: TestRequest): Promise<TestResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'tradewind-test-'))
  await chmod(scratch, 0o755)
  const folder = { cache: join(scratch, 'cache'), files: join(scratch, 'files') }
  await mkdir(folder.cache)
  await mkdir(folder.files)
  const { dagsFolder, file } = placeOf(program, request.file)
  const here = { ...program, dagsFolder }
  const { identity, warning } = await chooseChildIdentity({
    wanted: program.config['executor.child_user'],
    ownUid: process.getuid?.() ?? null,
    folders: [PACKAGE_ROOT, dagsFolder, folder.cache],
  })
  if (warning !== null) request.log(`Warning: ${warning}`)
  const { log } = request
  const parts = { program: here, folder, identity, log }
  const processor = makeDagProcessor({ ...parts, saveBundle: async () => {}, report: () => {} })
  try {
    const { report, bundle } = await processor.parseOne(file)
    if (report.type === 'broken') return { kind: 'broken', problems: report.problems }
    const dag = pick(report.dags, request)
    if (bundle === null) throw new CommandFailure(`${request.file} declares no Dag.`)
    return await runOnce(here, request, dag, bundle, { ...parts, file })
  } finally {
    await processor.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Relative to the Dags folder, or to its own folder when it lies elsewhere. */
function placeOf(program: ProgramConfig, given: string): { dagsFolder: string; file: string } {
  const path = resolve(given)
  const inside = relative(program.dagsFolder, path)
  if (!inside.startsWith('..') && !isAbsolute(inside)) return { dagsFolder: program.dagsFolder, file: inside }
  return { dagsFolder: dirname(path), file: relative(dirname(path), path) }
}

function pick(dags: readonly ParsedDag[], { dagId, file }: TestRequest): ParsedDag {
  const ids = dags.map((dag) => dag.serialized.dagId)
  if (dagId === undefined && dags.length === 1) return dags[0]!
  const found = dags.find((dag) => dag.serialized.dagId === dagId)
  if (found !== undefined) return found
  if (ids.length === 0) throw new CommandFailure(`${file} declares no Dag.`)
  const problem = dagId === undefined ? `${file} declares several Dags.` : `${file} declares no Dag "${dagId}".`
  throw new CommandFailure(problem, `Name one with --dag: ${ids.join(', ')}`, EXIT_USAGE)
}

interface RunParts {
  readonly folder: { readonly cache: string; readonly files: string }
  readonly identity: { readonly uid: number; readonly gid: number } | null
  readonly file: string
  readonly log: (line: string) => void
}

async function runOnce(
  program: ProgramConfig,
  request: TestRequest,
  dag: ParsedDag,
  bundle: BundleCode,
  { folder, identity, file, log }: RunParts,
): Promise<TestResult> {
  const tables = new MemoryTables()
  for (const { pool } of dag.serialized.tasks) {
    if (pool !== undefined) tables.pools.set(pool, { name: pool, slots: -1, description: null })
  }
  const api = workerApi(tables, request.variables, bundle)
  const executor = makeExecutor({ program, folder, identity, api, logs: printingLogStore(request), log })
  const ended = Promise.withResolvers<RunRecord>()
  let commandId = 0
  const scheduler = createScheduler({
    store: new MemoryStore(tables, systemClock),
    executor,
    clock: systemClock,
    defaults: platformDefaults(program.config),
    log: () => {},
    onCommit: () => {
      const answer = tables.commands.get(commandId)?.answer
      if (answer?.ok === false) ended.reject(new CommandFailure(`${answer.message} (${answer.code})`))
      const [run] = tables.runs.values()
      if (run !== undefined && FINISHED_RUN_STATES.has(run.state)) ended.resolve(run)
    },
  })
  try {
    await scheduler.start()
    const at = systemClock.now()
    // Without its schedule: this one run is all that is wanted.
    const serialized = { ...dag.serialized, schedule: { kind: 'none' as const }, isPausedUponCreation: false }
    const dags = [{ ...dag, serialized }]
    scheduler.onDagFile({ type: 'parsed', file, bundleHash: bundle.hash, dags, warnings: [], at })
    commandId = tables.submit(
      {
        kind: 'trigger',
        dagId: serialized.dagId,
        ...(request.conf === undefined ? {} : { conf: request.conf }),
        ...(request.logicalDate === undefined ? {} : { logicalDate: request.logicalDate }),
      },
      'user:test',
      at,
    )
    const run = await ended.promise
    const tis = [...tables.tis.values()].sort((a, b) => a.id - b.id)
    const results = new Map(
      tis.flatMap((ti) => {
        const row = tables.xcoms.get(`${tryKeyText({ tiId: ti.id, tryNumber: ti.tryNumber })}.return_value`)
        return row === undefined ? [] : [[ti.id, row.json] as const]
      }),
    )
    return { kind: 'ran', run, tis, tries: [...tables.tries.values()], results }
  } finally {
    await scheduler.stop(0)
  }
}

function workerApi(tables: MemoryTables, variables: ReadonlyMap<string, string>, bundle: BundleCode): WorkerApi {
  const memory = createMemoryWorkerApi()
  memory.bundles.set(bundle.hash, bundle)
  for (const [key, value] of variables) memory.variables.set(key, { value, secret: false })
  return {
    ...memory,
    getReturnValues: async (tries) =>
      tries.map((key) => tables.xcoms.get(`${tryKeyText(key)}.return_value`)?.json ?? null),
    getXCom: async (locator) => {
      const pushed = await memory.getXCom(locator)
      if (pushed !== null) return pushed
      const ti = [...tables.tis.values()].find(
        (one) => one.taskId === locator.taskId && one.mapIndex === locator.mapIndex,
      )
      if (ti === undefined) return null
      return tables.xcoms.get(`${tryKeyText({ tiId: ti.id, tryNumber: ti.tryNumber })}.${locator.key}`)?.json ?? null
    },
  }
}

/** Prints at once and keeps nothing. */
function printingLogStore(request: TestRequest): LogStore {
  return {
    append: (address, lines) => {
      for (const line of lines) request.onLog(address, line)
    },
    flush: async () => {},
    read: async () => ({ lines: [], nextByte: 0 }),
    close: async () => {},
  }
}
