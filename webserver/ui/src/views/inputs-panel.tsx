/** What a try was given, argument by argument, and where each came from. */
import type { TaskInput } from '../api/types.ts'
import type { TiName } from '../data/paths.ts'
import { useInputs } from '../data/task-instance.ts'
import { Empty, Failure, Loading } from './messages.tsx'
import { JsonBox, ScrollBox } from './scroll-box.tsx'

export function InputsPanel({ name, tryNumber }: { readonly name: TiName; readonly tryNumber: number }) {
  const inputs = useInputs(name, tryNumber)
  if (inputs.isPending) return <Loading />
  if (inputs.isError) return <Failure error={inputs.error} />
  return <InputList inputs={inputs.data} />
}

export function InputList({ inputs }: { readonly inputs: readonly TaskInput[] }) {
  if (inputs.length === 0) {
    return (
      <div className="panel">
        <Empty title="No inputs">Its handler takes no arguments.</Empty>
      </div>
    )
  }
  return (
    <>
      {inputs.map((input) => (
        <section key={input.name} className="panel value" aria-label={input.name}>
          <div className="value-head">
            <span className="mono">{input.name}</span>
            <span className="quiet">{sourceOf(input)}</span>
          </div>
          {input.truncated ? (
            <>
              <ScrollBox as="pre" label={`Beginning of ${input.name}`} className="json">
                {input.start} …
              </ScrollBox>
              <p className="quiet">{input.bytes.toLocaleString()} bytes; only the beginning is shown.</p>
            </>
          ) : (
            <JsonBox label={`Value of ${input.name}`} value={input.value} />
          )}
        </section>
      ))}
    </>
  )
}

function sourceOf({ sources }: TaskInput): string {
  if (sources.length === 0) return 'from the Dag file'
  const words = sources.map((source) => source.replace(/^task:/, 'result of ').replace(/^param:/, 'param '))
  return words.join(', ')
}
