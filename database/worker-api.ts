/**
 * What a host on this machine asks for its tries, answered from the database. Invariants: secrets are decrypted here and
 * nowhere else, and each one handed out is on record by try before it leaves; runs are made, and
 * variables changed, by commands only.
 */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { TryKey } from '../core/ids.ts'
import type { BundleStore } from '../core/ports/dag-source.ts'
import type { CompensateAnswer, CompensateRequest, TriggerRequest, WorkerApi } from '../core/ports/worker-api.ts'
import type { CommandAnswer, CommandRequest } from '../core/records.ts'
import { readBundle, saveBundle } from './bundles.ts'
import type { SubmitOptions, SubmitResult } from './commands.ts'
import { readConnection } from './connections.ts'
import type { Secrets } from './secrets/cipher.ts'
import { readVariable, storedVariable } from './variables.ts'
import { readGivenValues, readReturnValues, readXCom, writeXCom } from './xcoms.ts'

export interface WorkerApiOptions {
  readonly secrets: Secrets
  /** `submitCommand` with its pool. */
  readonly submit: (request: CommandRequest, options: SubmitOptions) => Promise<SubmitResult>
  /** How long a task waits for what it asks of the scheduler; leadership may change meanwhile. Default 60 s. */
  readonly patienceMs?: number
}

const NO_LEADER_PAUSE_MS = 500

export function createDatabaseWorkerApi(pool: pg.Pool, options: WorkerApiOptions): WorkerApi & BundleStore {
  const { secrets, submit, patienceMs = 60_000 } = options
  return {
    saveBundle: (bundle) => saveBundle(pool, bundle),
    getBundle: (hash) => readBundle(pool, hash),
    getReturnValues: (tries, undone) =>
      undone === undefined ? readReturnValues(pool, tries) : readGivenValues(pool, tries, undone),
    getXCom: (locator) => readXCom(pool, locator),
    setXCom: (by, target, json) => writeXCom(pool, by, target, json),
    async getVariable(by, key) {
      const found = await readVariable(pool, secrets, key)
      if (found === null) return null
      if (found.isSecret) await recordAccess(pool, by, 'get', 'variable', key)
      return { value: found.value, secret: found.isSecret }
    },
    async setVariable(by, key, value, description) {
      // A secret stays one: a task that renews a token does not lay it open.
      const before = await pool.query<{ is_secret: boolean; description: string | null }>(
        'select is_secret, description from variable where key = $1',
        [key],
      )
      const isSecret = before.rows[0]?.is_secret ?? false
      await recordAccess(pool, by, 'set', 'variable', key)
      const variable = storedVariable(secrets, {
        key,
        value,
        isSecret,
        description: description ?? before.rows[0]?.description ?? null,
      })
      const answer = await carryOut(
        by,
        { kind: 'set-variable', variables: [variable] },
        `Variable "${key}" was not set`,
      )
      if (!answer.ok) throw new Error(`Variable "${key}" was not set: ${answer.message} (${answer.code})`)
    },
    async deleteVariable(by, key) {
      await recordAccess(pool, by, 'delete', 'variable', key)
      const answer = await carryOut(by, { kind: 'delete-variable', key }, `Variable "${key}" was not deleted`)
      if (answer.ok || answer.code === 'variable-not-found') return
      throw new Error(`Variable "${key}" was not deleted: ${answer.message} (${answer.code})`)
    },
    async getConnection(by, id) {
      const found = await readConnection(pool, secrets, id)
      if (found !== null) await recordAccess(pool, by, 'get', 'connection', id)
      return found
    },
    async triggerDagRun(by, request, key) {
      const { correlationId } = await runOfTry(pool, by)
      // The key of the trigger, not of the command: what was refused to an earlier try is asked again.
      const command = triggerCommand(request, key, correlationId)
      return runOf(await carryOut(by, command, `Dag "${request.dagId}" was not triggered`), request)
    },
    async compensateDagRun(by, request) {
      const { dagId, key } = request
      const runId = request.runId ?? (await triggeredRun(pool, request))
      if (runId === null) {
        return { accepted: false, message: `The task had started no run of Dag "${dagId}": there is nothing to undo.` }
      }
      const command: CommandRequest = { kind: 'compensate', dagId, runId }
      const failure = `The run "${runId}" of Dag "${dagId}" was not undone`
      const once = `ti:${by.tiId}:compensate:${key}`
      const answer = await carryOut(by, command, failure, once)
      // As with triggers: what stood in the way of an earlier try may be gone.
      const isFinal = answer.ok || NOTHING_TO_UNDO.has(answer.code)
      return compensateAnswer(
        isFinal ? answer : await carryOut(by, command, failure, `${once}:${by.tryNumber}`),
        request,
        runId,
      )
    },
  }

  /** Through the scheduler, in the task's name; it has been done when this resolves, so the task sees it at once. */
  async function carryOut(
    by: TryKey,
    command: CommandRequest,
    failure: string,
    // Asked again while nobody leads, it stays one command.
    idempotencyKey = `try:${by.tiId}:${by.tryNumber}:${randomUUID()}`,
  ): Promise<CommandAnswer> {
    const actor = `task:${(await runOfTry(pool, by)).name}`
    const until = Date.now() + patienceMs
    for (;;) {
      const timeoutMs = Math.max(0, until - Date.now())
      const result = await submit(command, { actor, idempotencyKey, timeoutMs })
      if (result.status === 'answered') return result.answer
      if (Date.now() >= until) throw unanswered(failure, command, result.status, patienceMs)
      await new Promise((resolve) => setTimeout(resolve, NO_LEADER_PAUSE_MS))
    }
  }
}

function triggerCommand(request: TriggerRequest, key: string, inherited: string | null): CommandRequest {
  const { dagId, conf, runId, logicalDate, note } = request
  return {
    kind: 'trigger',
    dagId,
    triggerKey: key,
    conf: JSON.stringify(conf),
    ...(inherited === null ? {} : { inheritedCorrelationId: inherited }),
    ...(runId === undefined ? {} : { runId }),
    ...(logicalDate === undefined ? {} : { logicalDate }),
    ...(note === undefined ? {} : { note }),
  }
}

function runOf(answer: CommandAnswer, { dagId }: TriggerRequest): { readonly runId: string } {
  if (!answer.ok) throw new Error(`Dag "${dagId}" was not triggered: ${answer.message} (${answer.code})`)
  const value = JSON.parse(answer.value) as { readonly dag_run_id?: unknown }
  if (typeof value.dag_run_id !== 'string') {
    throw new Error(`Dag "${dagId}" was triggered, but the answer names no run: ${answer.value}`)
  }
  return { runId: value.dag_run_id }
}

/** Refusals after which there is nothing left for the task to do; `run-compensating`: somebody else has asked already. */
const NOTHING_TO_UNDO: ReadonlySet<string> = new Set(['not-compensable', 'run-compensating'])

function compensateAnswer(answer: CommandAnswer, { dagId }: CompensateRequest, runId: string): CompensateAnswer {
  const run = `the run "${runId}" of Dag "${dagId}"`
  if (answer.ok) {
    const { task_ids: taskIds } = JSON.parse(answer.value) as { readonly task_ids?: readonly string[] }
    if (taskIds?.length === 0) return { accepted: true, message: `Of ${run} nothing is to be undone.` }
    return { accepted: true, message: `What ${run} did is undone from now on, by its own compensations.` }
  }
  if (NOTHING_TO_UNDO.has(answer.code)) return { accepted: false, message: `Of ${run}: ${answer.message}` }
  throw new Error(`What ${run} did was not undone: ${answer.message} (${answer.code})`)
}

/** The run that a trigger with this key has made. Index: `dag_run (dag_id, trigger_key)`. */
async function triggeredRun(pool: pg.Pool, { dagId, triggerKey }: CompensateRequest): Promise<string | null> {
  const result = await pool.query<{ run_id: string }>(
    'select run_id from dag_run where dag_id = $1 and trigger_key = $2',
    [dagId, triggerKey],
  )
  return result.rows[0]?.run_id ?? null
}

function unanswered(failure: string, { kind }: CommandRequest, status: string, patienceMs: number): Error {
  const cause = {
    'no-leader': 'no scheduler is running to take the command',
    full: 'more than 10,000 commands wait for the scheduler',
  }[status]
  const again = kind === 'trigger' ? ' A retry of this task asks again without triggering twice.' : ''
  return new Error(`${failure} within ${patienceMs / 1000} s: ${cause ?? 'the scheduler has not answered'}.${again}`)
}

interface RunOfTry {
  /** `<dag>/<run>/<task>`: readable in the history. */
  readonly name: string
  readonly correlationId: string | null
}

/** Indexes: primary keys. */
async function runOfTry(pool: pg.Pool, by: TryKey): Promise<RunOfTry> {
  const result = await pool.query<RunOfTry>(
    `select r.dag_id || '/' || r.run_id || '/' || ti.task_id as name, r.correlation_id as "correlationId"
     from task_instance ti join dag_run r on r.id = ti.dag_run_id where ti.id = $1`,
    [by.tiId],
  )
  const found = result.rows[0]
  if (found === undefined) throw new Error(`There is no task instance ${by.tiId} in the database`)
  return found
}

async function recordAccess(
  pool: pg.Pool,
  by: TryKey,
  action: 'get' | 'set' | 'delete',
  kind: 'variable' | 'connection',
  name: string,
): Promise<void> {
  await pool.query(
    'insert into secret_access (at, ti_id, try_number, action, kind, name) values (clock_timestamp(), $1, $2, $3, $4, $5)',
    [by.tiId, by.tryNumber, action, kind, name],
  )
}
