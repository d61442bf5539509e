/** Why Dag files were not taken: file, line, what is wrong, what to do. */
import { useImportErrors } from '../data/operations.ts'
import { Time } from '../drawing/time.tsx'
import { Empty, Failure, Loading } from './messages.tsx'
import { PageHeading } from './page-heading.tsx'

export function ImportErrorsPage() {
  const errors = useImportErrors()
  return (
    <>
      <PageHeading title="Import errors" />
      {errors.isPending ? (
        <Loading />
      ) : errors.isError ? (
        <Failure error={errors.error} />
      ) : errors.data.length === 0 ? (
        <div className="panel">
          <Empty title="Every Dag file was taken">
            A file that cannot be is listed here with its line and what to do; its last good version keeps running.
          </Empty>
        </div>
      ) : (
        errors.data.map((error) => (
          <article
            key={error.filename}
            className="panel"
            style={{ padding: 16, marginBottom: 12 }}
            aria-label={error.filename}
          >
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: '4px 14px', alignItems: 'baseline' }}>
              <h2 className="mono break" style={{ margin: 0, fontSize: 15 }}>
                {error.filename}
              </h2>
              <span className="quiet" style={{ fontSize: 13 }}>
                since <Time at={error.timestamp} relative />
              </span>
            </div>
            {error.problems === undefined ? (
              <pre className="json">{error.stack_trace}</pre>
            ) : (
              error.problems.map((problem) => (
                <div key={`${problem.code}${problem.line ?? ''}${problem.message}`} style={{ marginTop: 12 }}>
                  <div className="break" style={{ fontWeight: 550, whiteSpace: 'pre-wrap' }}>
                    {problem.message}
                  </div>
                  <div className="break" style={{ marginTop: 2 }}>
                    {problem.remedy}
                  </div>
                  <div className="quiet mono break" style={{ marginTop: 2 }}>
                    {problem.file}
                    {problem.line != null && `:${problem.line}`}
                    {problem.column != null && `:${problem.column}`} · {problem.code}
                  </div>
                </div>
              ))
            )}
          </article>
        ))
      )}
    </>
  )
}
