/** Compensations, dead letters and the search behind the REST API. */
import type { LetterSelection } from '../../webserver/letters/change-letters.ts'
import type { Compensation, Failures, LettersChange, PlannedCompensation, Run } from '../platform/platform.ts'
import { type ApiClient, apiPath } from './api-client.ts'

const PAGE = 1_000

export function remoteFailures(api: ApiClient): Failures {
  const ofRun = (run: Run) => apiPath('dags', run.dag_id, 'dagRuns', run.dag_run_id)
  const tasks = (taskIds: readonly string[] | undefined) => (taskIds === undefined ? {} : { task_ids: taskIds })
  const change = (verb: 'redrive' | 'discard', letters: LetterSelection, more: object, dryRun: boolean) =>
    api.send<LettersChange>('POST', `/deadLetters/${verb}`, { ...letters, ...more, dry_run: dryRun })
  return {
    planCompensation: async (run, taskIds) => {
      const body = { dry_run: true, ...tasks(taskIds) }
      const path = `${ofRun(run)}/compensate`
      return (await api.send<{ planned: readonly PlannedCompensation[] }>('POST', path, body)).planned
    },
    compensate: (run, taskIds) => api.send('POST', `${ofRun(run)}/compensate`, tasks(taskIds)),
    compensations: async (run) => {
      const found: Compensation[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await api.get<{ compensations: readonly Compensation[]; next_cursor: string | null }>(
          `${ofRun(run)}/compensations`,
          { limit: PAGE, cursor },
        )
        found.push(...page.compensations)
        if (page.next_cursor === null) return found
        cursor = page.next_cursor
      }
    },

    letters: (query) => api.get('/deadLetters', { ...query }),
    letterGroups: (query) => api.get('/deadLetters/groups', { ...query }),
    letter: (id) => api.get(apiPath('deadLetters', id)),
    redrive: (letters, { newest, newKeys, inputs }, dryRun) => {
      const more = {
        ...(newest ? { run_on_latest_version: true } : {}),
        ...(newKeys ? { new_idempotency_keys: true } : {}),
        ...(inputs === undefined ? {} : { inputs: JSON.parse(inputs) as unknown }),
      }
      return change('redrive', letters, more, dryRun)
    },
    discard: (letters, reason, dryRun) => change('discard', letters, { reason }, dryRun),

    search: (question) => api.get('/search', { q: question }),
  }
}
