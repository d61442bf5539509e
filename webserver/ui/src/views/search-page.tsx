/** What was found: runs with why they are where they are, Dags, tasks, dead letters. */
import { Link, useSearch } from '@tanstack/react-router'
import type { FoundRun, SearchAnswer } from '../api/types.ts'
import { useSearchFor } from '../data/search.ts'
import { StateBadge } from '../drawing/state.tsx'
import { Time } from '../drawing/time.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'
import { SearchField } from './search-box.tsx'

export function SearchPage() {
  const { q = '' } = useSearch({ from: '/search' })
  return (
    <>
      <PageHeading title={q === '' ? 'Search' : `Search: ${q}`} />
      <SearchField className="mantine-hidden-from-sm search-narrow" />
      {q === '' ? (
        <div className="panel">
          <Empty title="Ask for an order, a run, a Dag, a task or a dead letter">
            Its correlation id, a part of its name, or a question such as «why did order 12345 get stuck?»
          </Empty>
        </div>
      ) : (
        <Found question={q} />
      )}
    </>
  )
}

function Found({ question }: { readonly question: string }) {
  const found = useSearchFor(question)
  if (found.isPending) return <Loading />
  if (found.isError) return <Failure error={found.error} title="This could not be looked for" />
  const { runs, more_runs: hasMore, dags, tasks } = found.data
  if (runs.length === 0 && dags.length === 0 && tasks.length === 0) {
    return (
      <div className="panel">
        <Empty title="Nothing was found">No run, Dag, task or dead letter has such a name or correlation id.</Empty>
      </div>
    )
  }
  return (
    <div aria-busy={found.isPlaceholderData}>
      {runs.map((one) => (
        <RunFound key={one.run.id} found={one} />
      ))}
      {hasMore && <p className="quiet">There are more runs; ask for one of them more exactly.</p>}
      <Names dags={dags} tasks={tasks} />
    </div>
  )
}

function RunFound({ found: { run, explanation, dead_letters: letters } }: { readonly found: FoundRun }) {
  const params = { dagId: run.dag_id, runId: run.dag_run_id }
  const name = run.correlation_id ?? run.dag_run_id
  return (
    <article className="panel found" aria-label={`Run ${run.dag_run_id}`}>
      <div className="found-head">
        <StateBadge state={run.exact_state} />
        <h2 className="break">
          <Link to="/dags/$dagId/runs/$runId" params={params} className="plain">
            {name}
          </Link>
        </h2>
        <span className="quiet small break">
          {run.dag_id}
          {run.correlation_id !== null && `, ${run.dag_run_id}`} ·{' '}
          <Time at={run.start_date ?? run.run_after} relative />
        </span>
      </div>
      {explanation !== null && (
        <>
          <p className="break">{explanation.summary}</p>
          <ul>
            {explanation.task_instances.map((ti) => (
              <li key={`${ti.task_id} ${ti.map_index}`} className="break">
                <Link
                  to="/dags/$dagId/runs/$runId/tasks/$taskId"
                  params={{ ...params, taskId: ti.task_id }}
                  search={{}}
                  className="plain"
                >
                  {ti.task_id}
                </Link>{' '}
                <StateBadge state={ti.exact_state} />
                {ti.reasons.map(({ code, message }) => (
                  <div key={code + message} className="small">
                    {message}
                  </div>
                ))}
              </li>
            ))}
            {explanation.more > 0 && <li className="quiet">and {explanation.more} more</li>}
          </ul>
        </>
      )}
      {letters.length > 0 && (
        <p className="small break">
          {letters.length === 1 ? 'An open dead letter: ' : `${letters.length} open dead letters: `}
          {letters.map((letter, index) => (
            <span key={letter.id}>
              {index > 0 && '; '}
              <Link to="/letters/$letterId" params={{ letterId: letter.id }} className="plain">
                {letter.task_id}: {letter.message}
              </Link>
            </span>
          ))}
        </p>
      )}
    </article>
  )
}

function Names({ dags, tasks }: Pick<SearchAnswer, 'dags' | 'tasks'>) {
  return (
    <>
      {dags.length > 0 && (
        <section className="panel found" aria-label="Dags">
          <div className="found-head">
            <h2>Dags</h2>
          </div>
          <ul>
            {dags.map(({ dag_id: dagId, is_paused: isPaused }) => (
              <li key={dagId} className="break">
                <Link to="/dags/$dagId" params={{ dagId }} className="plain">
                  {dagId}
                </Link>
                {isPaused && <span className="quiet"> paused</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
      {tasks.length > 0 && (
        <section className="panel found" aria-label="Tasks">
          <div className="found-head">
            <h2>Tasks</h2>
          </div>
          <ul>
            {tasks.map(({ dag_id: dagId, task_id: taskId }) => (
              <li key={`${dagId} ${taskId}`} className="break">
                {taskId}{' '}
                <Link to="/dags/$dagId" params={{ dagId }} search={{ tab: 'graph' }} className="plain">
                  {dagId}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
