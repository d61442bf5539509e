/** What a task instance handed on. */
import type { TiName } from '../data/paths.ts'
import { useXComs } from '../data/task-instance.ts'
import { Empty, Failure, Loading } from './messages.tsx'
import { JsonBox } from './scroll-box.tsx'

export function XComPanel({ name, tryNumber }: { readonly name: TiName; readonly tryNumber: number }) {
  const xcoms = useXComs(name, tryNumber)
  if (xcoms.isPending) return <Loading />
  if (xcoms.isError) return <Failure error={xcoms.error} />
  if (xcoms.data.length === 0) {
    return (
      <div className="panel">
        <Empty title="No XComs">What the handler returns appears here, and what it pushes under a key.</Empty>
      </div>
    )
  }
  return (
    <>
      {xcoms.data.map((entry) => (
        <section key={entry.key} className="panel value" aria-label={entry.key}>
          <div className="value-head">
            <span className="mono">{entry.key}</span>
          </div>
          <JsonBox label={`Value of ${entry.key}`} value={entry.value} />
        </section>
      ))}
    </>
  )
}
