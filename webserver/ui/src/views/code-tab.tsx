/** The author's source, as the newest version of the Dag has it. */
import { useSource } from '../data/dags.ts'
import { Failure, Loading } from './messages.tsx'
import { ScrollBox } from './scroll-box.tsx'

export function CodeTab({ dagId }: { readonly dagId: string }) {
  const source = useSource(dagId)
  if (source.isPending) return <Loading />
  if (source.isError) return <Failure error={source.error} />
  const content = source.data.content
  const lines = content
    .trimEnd()
    .split('\n')
    .map((text, index) => ({ number: index + 1, text }))
  return (
    <div className="panel">
      <ScrollBox as="pre" label="Source" className="code">
        {lines.map(({ number, text }) => (
          <span key={number} className="code-line">
            {text}
          </span>
        ))}
      </ScrollBox>
    </div>
  )
}
