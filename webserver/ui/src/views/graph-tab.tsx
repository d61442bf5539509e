/** The graph of a Dag with the states of one of its runs, the newest unless another is chosen. */
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useGrid } from '../data/grid.ts'
import { DagGraph } from '../drawing/dag-graph.tsx'
import { layoutGraph } from '../drawing/layout-graph.ts'
import { showInstant } from '../drawing/time.tsx'
import { Failure, Loading } from './messages.tsx'

export function GraphTab({ dagId, runId }: { readonly dagId: string; readonly runId?: string }) {
  const grid = useGrid(dagId)
  const [chosen, setChosen] = useState<string | null>(null)
  const navigate = useNavigate()
  const structure = grid.data?.structure
  const shape = useMemo(() => (structure === undefined ? '' : JSON.stringify(structure.edges)), [structure])
  const layout = useQuery({
    queryKey: ['layout', dagId, shape],
    enabled: structure !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => {
      if (structure === undefined) throw new Error('There is nothing to lay out yet.')
      return layoutGraph(structure)
    },
  })
  if (grid.isError) return <Failure error={grid.error} />
  if (layout.isError) return <Failure error={layout.error} title="The graph could not be laid out" />
  if (grid.isPending || layout.isPending) return <Loading />
  const run = grid.data.runs.find((one) => one.runId === (chosen ?? runId)) ?? grid.data.runs.at(-1)
  const states = run === undefined ? null : new Map([...run.cells].map(([id, cell]) => [id, cell.state] as const))
  return (
    <section className="panel" aria-label="Graph">
      {grid.data.runs.length > 0 && (
        <div className="log-tools">
          <Select
            aria-label="Run"
            data={grid.data.runs.toReversed().map((one) => ({
              value: one.runId,
              label: `${showInstant(one.logicalDate ?? one.runAfter)} · ${one.state}`,
            }))}
            value={run?.runId ?? null}
            onChange={setChosen}
            allowDeselect={false}
            w={330}
          />
        </div>
      )}
      <DagGraph
        structure={grid.data.structure}
        layout={layout.data}
        states={states}
        onOpen={(taskId) => {
          if (run === undefined) return
          const params = { dagId, runId: run.runId, taskId }
          void navigate({ to: '/dags/$dagId/runs/$runId/tasks/$taskId', params, search: {} })
        }}
      />
    </section>
  )
}
