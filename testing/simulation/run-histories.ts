/** Many histories, spread over threads. Which thread runs a seed makes no difference to its history. */
import { Worker } from 'node:worker_threads'
import { addCoverage, type Coverage } from './coverage.ts'
import { type Portion, type PortionResult, runPortion } from './history-worker.ts'

/** Histories that a thread takes at a time: small enough for all to end together. */
const PORTION = 25

export interface Failure {
  readonly seed: number
  readonly violations: readonly string[]
}

export interface ManyHistories {
  readonly histories: number
  readonly seed: number
  readonly threads: number
  onProgress(done: number, failures: number): void
  onFailure(failure: Failure): void
  /** Enough is known: run no more. */
  isEnough?(failures: number): boolean
}

export interface Summary {
  readonly histories: number
  readonly failures: readonly Failure[]
  readonly coverage: Coverage
}

export async function runHistories(options: ManyHistories): Promise<Summary> {
  const { histories, seed, threads } = options
  const coverage: Coverage = new Map()
  const failures: Failure[] = []
  let next = 0
  let done = 0
  const take = (): Portion | null => {
    if (next >= histories || options.isEnough?.(failures.length) === true) return null
    const portion = { from: seed + next, count: Math.min(PORTION, histories - next) }
    next += portion.count
    return portion
  }
  const note = (result: PortionResult) => {
    addCoverage(coverage, result.coverage)
    for (const failure of result.failures) {
      failures.push(failure)
      options.onFailure(failure)
    }
    done += result.count
    options.onProgress(done, failures.length)
  }
  if (threads <= 1) for (let portion = take(); portion !== null; portion = take()) note(await runPortion(portion))
  else await Promise.all(Array.from({ length: threads }, () => oneThread(take, note)))
  return { histories: done, failures, coverage }
}

async function oneThread(take: () => Portion | null, note: (result: PortionResult) => void): Promise<void> {
  const first = take()
  if (first === null) return
  const worker = new Worker(new URL('./history-worker.ts', import.meta.url))
  try {
    for (let portion: Portion | null = first; portion !== null; portion = take()) note(await ask(worker, portion))
  } finally {
    await worker.terminate()
  }
}

function ask(worker: Worker, portion: Portion): Promise<PortionResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (result: PortionResult) => {
      worker.off('error', onError)
      resolve(result)
    }
    const onError = (error: unknown) => {
      worker.off('message', onMessage)
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    worker.once('message', onMessage)
    worker.once('error', onError)
    worker.postMessage(portion)
  })
}
