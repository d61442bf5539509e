/** One task instance: its tries, XComs, why it is not running, and its log as it is written. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type LiveLogLine, type LogTopic, liveSocket } from '../api/live-socket.ts'
import { get, patch } from '../api/request.ts'
import type { LogPage, Reason, TaskInput, TaskInstance, TiList, XComEntry, XComList } from '../api/types.ts'
import { liveDag, useLiveDag } from './dag-feed.ts'
import { type TiName, tiPath } from './paths.ts'
import { useRefreshRun } from './runs.ts'

const tiKey = ({ dagId, runId, taskId }: TiName, what: string) => ['ti', dagId, runId, taskId, what]

export function useTaskInstance(name: TiName) {
  const client = useQueryClient()
  const queryKey = tiKey(name, 'now')
  useLiveDag(name.dagId)
  return useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      liveDag(client, name.dagId).read(queryKey, () => get<TaskInstance>(tiPath(name), {}, signal)),
  })
}

export function useTries(name: TiName) {
  const client = useQueryClient()
  const queryKey = tiKey(name, 'tries')
  return useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      liveDag(client, name.dagId).read(
        queryKey,
        async () => (await get<TiList>(`${tiPath(name)}/tries`, {}, signal)).task_instances,
      ),
  })
}

export function useReasons(name: TiName, enabled: boolean) {
  return useQuery({
    queryKey: tiKey(name, 'reasons'),
    enabled,
    queryFn: async ({ signal }) => {
      const answer = await get<{ readonly dependencies: readonly Reason[] }>(`${tiPath(name)}/dependencies`, {}, signal)
      return answer.dependencies
    },
  })
}

export function useXComs(name: TiName, tryNumber: number | null) {
  return useQuery({
    queryKey: [...tiKey(name, 'xcoms'), tryNumber],
    queryFn: async ({ signal }) => {
      const { xcom_entries: entries } = await get<XComList>(`${tiPath(name)}/xcomEntries`, {}, signal)
      return Promise.all(
        entries
          .filter((entry) => entry.try_number === tryNumber)
          .map((entry) => get<XComEntry>(`${tiPath(name)}/xcomEntries/${encodeURIComponent(entry.key)}`, {}, signal)),
      )
    },
  })
}

export function useInputs(name: TiName, tryNumber: number) {
  return useQuery({
    queryKey: [...tiKey(name, 'inputs'), tryNumber],
    queryFn: async ({ signal }) => {
      const query = tryNumber === 0 ? {} : { try_number: tryNumber }
      const answer = await get<{ readonly inputs: readonly TaskInput[] }>(`${tiPath(name)}/inputs`, query, signal)
      return answer.inputs
    },
  })
}

export function useSetTiNote(name: TiName) {
  const refresh = useRefreshRun(name.dagId, name.runId)
  return useMutation({
    mutationFn: (note: string | null) => patch(tiPath(name), { note }),
    onSettled: refresh,
  })
}

export interface LiveLog {
  readonly lines: readonly LiveLogLine[]
  /** The try has ended and this is all of it. */
  readonly ended: boolean
  readonly error: string | null
}

const NOTHING: LiveLog = { lines: [], ended: false, error: null }

/** A piece of a log; `position` is the byte to go on from. */
interface LogPiece {
  readonly lines: readonly LiveLogLine[]
  readonly position: number | null
}

/**
 * A log from its first byte on: what is there is read piece by piece, then it grows by the WebSocket from that very byte.
 * Lines of one animation frame are shown together.
 */
export function useLog(topic: LogTopic | null): LiveLog {
  const [log, setLog] = useState<LiveLog>(NOTHING)
  const key = topic === null ? null : JSON.stringify(topic)
  useEffect(() => {
    setLog(NOTHING)
    if (key === null) return
    const wanted = JSON.parse(key) as LogTopic
    const stop = new AbortController()
    const pending: LiveLogLine[] = []
    let hasEnded = false
    let frame: number | undefined
    const add = (lines: readonly LiveLogLine[], ended: boolean) => {
      for (const line of lines) pending.push(line)
      hasEnded = ended
      frame ??= requestAnimationFrame(() => {
        frame = undefined
        const more = pending.splice(0)
        setLog((old) => ({ lines: [...old.lines, ...more], ended: hasEnded, error: null }))
      })
    }
    const fail = (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      if (!stop.signal.aborted) setLog((old) => ({ ...old, error: message }))
    }
    const follow = async () => {
      let position = 0
      for (;;) {
        const piece = await readPiece(wanted, position, stop.signal)
        if (stop.signal.aborted) return
        add(piece.lines, piece.position === null)
        if (piece.position === null) return
        if (piece.lines.length === 0) break
        position = piece.position
      }
      const end = liveSocket.subscribeLog(wanted, position, add, fail)
      stop.signal.addEventListener('abort', end)
    }
    follow().catch(fail)
    return () => {
      stop.abort()
      if (frame !== undefined) cancelAnimationFrame(frame)
    }
  }, [key])
  return log
}

async function readPiece(topic: LogTopic, position: number, signal: AbortSignal): Promise<LogPiece> {
  const name = { dagId: topic.dag_id, runId: topic.dag_run_id, taskId: topic.task_id }
  const answer = await get<LogPage>(
    `${tiPath(name)}/logs/${topic.try_number}`,
    { token: position, map_index: topic.map_index },
    signal,
  )
  return {
    lines: answer.content.map(({ timestamp, event, ...line }) => ({ ...line, at: Date.parse(timestamp), text: event })),
    position: answer.continuation_token === null ? null : Number(answer.continuation_token),
  }
}
