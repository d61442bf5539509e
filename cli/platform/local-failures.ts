/**
 * Compensations, dead letters and the search over the database of this machine: read by the very functions with which the
 * REST API answers, changed through the scheduler's inbox.
 */
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import type { CommandRequest } from '../../core/records.ts'
import { listCompensations } from '../../database/queries/compensations.ts'
import { keptVersions, type ReadParts } from '../../webserver/api-parts.ts'
import { EarlyReply } from '../../webserver/error-replies.ts'
import { changeLetters } from '../../webserver/letters/change-letters.ts'
import { readLetter, readLetterGroups, readLetters } from '../../webserver/letters/read-letters.ts'
import { loadRun } from '../../webserver/load-run.ts'
import { previewCompensation } from '../../webserver/plan-compensation.ts'
import { shownCompensation, shownPlanned } from '../../webserver/schemas/compensation.ts'
import { search } from '../../webserver/search/search.ts'
import { CommandFailure } from '../command-failure.ts'
import type { Pool } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import { submit, submitAsUser } from '../submit.ts'
import type { Compensation, Failures } from './platform.ts'

const PAGE = 1_000

export function localFailures(program: ProgramConfig, pool: Pool): Failures {
  const { config } = program
  const defaults = platformDefaults(config)
  const parts: ReadParts = {
    pool,
    defaults,
    versionsOf: keptVersions(pool, defaults),
    slots: config['executor.slots'] ?? config['scheduler.parallelism'],
    now: Date.now,
  }

  async function send(command: CommandRequest): Promise<Readonly<Record<string, unknown>>> {
    const result = await submitAsUser(pool, command)
    switch (result.status) {
      case 'answered':
        if (result.answer.ok) return JSON.parse(result.answer.value) as Record<string, unknown>
        throw new EarlyReply(409, `${result.answer.message} (${result.answer.code})`)
      case 'pending':
        throw new EarlyReply(202, `the scheduler has not answered yet; the command (number ${result.commandId}) waits`)
      case 'no-leader':
        throw new EarlyReply(503, 'No scheduler is running on this database. Start it with: npm start')
      case 'full':
        throw new EarlyReply(429, 'More than 10,000 commands wait for the scheduler. Try again when it has caught up.')
    }
  }

  return {
    planCompensation: (run, taskIds) =>
      told(async () => {
        const plan = previewCompensation(await loadRun(parts, run), taskIds)
        if (!plan.ok) throw new CommandFailure(`${plan.message}.`)
        return plan.planned.map(shownPlanned)
      }),
    compensate: async (run, taskIds) => {
      const name = { dagId: run.dag_id, runId: run.dag_run_id }
      const more = taskIds === undefined ? {} : { taskIds }
      return (await submit(pool, { kind: 'compensate', ...name, ...more })) as { task_ids: readonly string[] }
    },
    compensations: async (run) => {
      const found: Compensation[] = []
      for (let cursor: { tiId: number; forwardTry: number } | undefined; ; ) {
        const page = await listCompensations(pool, run.id, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) })
        found.push(...page.map(shownCompensation))
        cursor = page.at(-1)
        if (page.length < PAGE) return found
      }
    },

    letters: (query) => told(() => readLetters(parts, query)),
    letterGroups: (query) => told(() => readLetterGroups(parts, query)),
    letter: (id) => told(() => readLetter(parts, id)),
    redrive: (selection, { newest, newKeys, inputs }, dryRun) => {
      const more = {
        ...(newest ? { newest } : {}),
        ...(newKeys ? { newKeys } : {}),
        ...(inputs === undefined ? {} : { inputs }),
      }
      const change = { ...selection, dry_run: dryRun }
      return told(() => changeLetters(parts, change, (letters) => ({ kind: 'redrive', letters, ...more }), send))
    },
    discard: (selection, reason, dryRun) => {
      const change = { ...selection, dry_run: dryRun }
      return told(() => changeLetters(parts, change, (letters) => ({ kind: 'discard-letters', letters, reason }), send))
    },

    search: (question) => told(() => search(parts, question)),
  }
}

/** What the API would have answered early is said on the terminal. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EarlyReply)) throw error
    throw new CommandFailure(error.message.replace(/ GET \/api\/v2\/.*$/, ''))
  }
}
