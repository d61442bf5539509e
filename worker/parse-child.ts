/**
 * The program of a parse child: loads one bundle at a time, collects its Dags and answers with their serialized form or
 * the author's mistakes. Started by the Dag processor with IPC and a pipe on `GUARD_FD`; it ends when either closes.
 * Its first argument is the memory limit in MiB.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ParseReply, ParseRequest } from '../core/ports/parse-protocol.ts'
import type { ImportProblem } from '../core/serialized-dag.ts'
import { serializeDags } from '../sdk/internal.ts'
import type { BundleSources } from './bundle-sources.ts'
import { describeImportFailure } from './import-failure.ts'
import { BundleLoadError, evictBundle, loadBundle, sourcesOf } from './load-bundle.ts'
import type { GuardData, GuardMessage } from './parse-guard.ts'
import { rememberProcess } from './process-traces.ts'

const GUARD_FD = 4
const MIB = 1024 * 1024

// Taken before user code runs and hidden from it: what it prints or sends must not look like an answer.
const send = process.send?.bind(process)
const exit = process.exit.bind(process)
delete process.send

let current: ParseRequest | null = null
const uncaught: unknown[] = []

function reply(message: ParseReply): void {
  send?.(message)
}

const guard = new Worker(new URL(`./parse-guard${extname(import.meta.url)}`, import.meta.url), {
  workerData: { fd: GUARD_FD, memoryLimitBytes: Number(process.argv[2]) * MIB } satisfies GuardData,
  env: {},
})
guard.unref()

function tellGuard(message: GuardMessage): void {
  guard.postMessage(message)
}

async function parse(request: ParseRequest): Promise<void> {
  current = request
  uncaught.length = 0
  tellGuard('watch')
  const isUnclean = rememberProcess()
  let sources: BundleSources | null = null
  try {
    const bundle = await loadBundle(request.bundle, request)
    sources = bundle
    await new Promise((resolve) => setImmediate(resolve))
    if (uncaught.length > 0) throw new BundleLoadError(uncaught[0], bundle)
    const { dags, problems, warnings } = serializeDags(bundle.dags, {
      file: request.file,
      positionOf: (raw) => bundle.positionOf(raw),
    })
    reply({
      type: 'parsed',
      id: request.id,
      dags,
      problems: problems.map((problem) => withRequestFile(problem, request.file)),
      warnings: warnings.map((warning) => withRequestFile(warning, request.file)),
      unclean: isUnclean(),
      rssBytes: process.memoryUsage.rss(),
    })
  } catch (error) {
    const failure = error instanceof BundleLoadError || sources === null ? error : new BundleLoadError(error, sources)
    reply({
      type: 'failed',
      id: request.id,
      problem: describeImportFailure(failure, request.file),
      unclean: isUnclean(),
    })
  } finally {
    evictBundle(request.bundle.hash)
    tellGuard('rest')
    current = null
  }
}

function withRequestFile(problem: ImportProblem, file: string): ImportProblem {
  return problem.file === '' ? { ...problem, file } : problem
}

/** User code that wants to end the process is told apart from a crash, with the place it did so. */
process.exit = (code) => {
  const exitCode = Number(code ?? process.exitCode ?? 0)
  if (current !== null) {
    const place = sourcesOf(current.bundle, current).placeIn(new Error('exit').stack ?? '')
    reply({ type: 'exiting', id: current.id, exitCode, place })
  }
  return exit(exitCode)
}

process.on('uncaughtException', (error) => {
  if (current !== null) uncaught.push(error)
  else console.error('Left over from a Dag file that was loaded before:', error)
})
process.on('message', (request: ParseRequest) => void parse(request))
process.on('disconnect', () => exit(0))
reply({ type: 'ready' })
