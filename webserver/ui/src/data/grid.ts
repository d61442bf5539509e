/** The grid of a Dag, live, and older runs of it on request. */
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef } from 'react'
import { liveDag, useLiveDag } from './dag-feed.ts'
import type { Grid } from './grid-model.ts'
import { readGrid, readOlderRuns } from './read-grid.ts'

const FIRST_RUNS = 100
const MORE_RUNS = 200

const gridKey = (dagId: string) => ['grid', dagId]

export function useGrid(dagId: string) {
  const client = useQueryClient()
  const queryKey = gridKey(dagId)
  useLiveDag(dagId)
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => {
      const wanted = client.getQueryData<Grid>(queryKey)?.wanted ?? FIRST_RUNS
      return liveDag(client, dagId).read(queryKey, () => readGrid(dagId, wanted, signal))
    },
  })
}

/** Reads older runs into the grid, once at a time. */
export function useOlderRuns(dagId: string): () => void {
  const client = useQueryClient()
  const isReading = useRef(false)
  return useCallback(() => {
    if (isReading.current) return
    isReading.current = true
    addOlderRuns(client, dagId)
      .catch(() => {
        // The next scroll asks again.
      })
      .finally(() => {
        isReading.current = false
      })
  }, [client, dagId])
}

async function addOlderRuns(client: QueryClient, dagId: string): Promise<void> {
  const before = client.getQueryData<Grid>(gridKey(dagId))?.nextBefore ?? null
  if (before === null) return
  const older = await readOlderRuns(dagId, before, MORE_RUNS)
  client.setQueryData<Grid>(gridKey(dagId), (grid) => {
    // It was read anew meanwhile.
    if (grid === undefined || grid.nextBefore !== before) return grid
    const runs = [...older.runs, ...grid.runs]
    return { ...grid, runs, nextBefore: older.nextBefore, wanted: runs.length }
  })
}
