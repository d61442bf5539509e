/**
 * Gives `default_pool` the configured slots, once, when the database has just been made. Pools are state, so it goes through
 * the inbox like every other change; the scheduler has to lead first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandRequest } from '../core/records.ts'
import type { SubmitOptions, SubmitResult } from '../database/commands.ts'

const TRY_EVERY_MS = 500

/** Goes on in the background; returns what ends it. */
export function setDefaultPool(
  submit: (request: CommandRequest, options: SubmitOptions) => Promise<SubmitResult>,
  slots: number,
  log: (line: string) => void,
): () => Promise<void> {
  const stop = new AbortController()
  const request: CommandRequest = {
    kind: 'set-pool',
    name: 'default_pool',
    slots,
    description: 'The pool of tasks that name none',
  }
  const work = async () => {
    while (!stop.signal.aborted) {
      const result = await submit(request, {
        actor: 'config',
        timeoutMs: 10_000,
        idempotencyKey: 'config:default_pool',
      })
      if (result.status !== 'no-leader') return
      await sleep(TRY_EVERY_MS, undefined, { signal: stop.signal })
    }
  }
  const done = work().catch((error: unknown) => {
    if (!stop.signal.aborted) log(`default_pool keeps its slots: ${error instanceof Error ? error.message : error}`)
  })
  return async () => {
    stop.abort()
    await done
  }
}
