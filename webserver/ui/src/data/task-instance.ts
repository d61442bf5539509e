/** One task instance: its tries, XComs, why it is not running, and its log as it is written. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type LiveLogLine, type LogTopic, liveSocket } from '../api/live-socket.ts'
import { get } from '../api/request.ts'
import type { Reason, TaskInstance, XComEntry } from '../api/types.ts'
import { runPath } from './runs.ts'

export interface TiName {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
}

const tiPath = ({ dagId, runId, taskId }: TiName) =>
  `${runPath(dagId, runId)}/taskInstances/${encodeURIComponent(taskId)}`

const tiKey = ({ dagId, runId, taskId }: TiName, what: string) => ['ti', dagId, runId, taskId, what]

export function useTaskInstance(name: TiName) {
  return useQuery({
    queryKey: tiKey(name, 'now'),
    queryFn: ({ signal }) => get<TaskInstance>(tiPath(name), {}, signal),
  })
}

export function useTries(name: TiName) {
  return useQuery({
    queryKey: tiKey(name, 'tries'),
    queryFn: async ({ signal }) => {
      const answer = await get<{ readonly task_instances: readonly TaskInstance[] }>(
        `${tiPath(name)}/tries`,
        {},
        signal,
      )
      return answer.task_instances
    },
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
      const { xcom_entries: entries } = await get<{ readonly xcom_entries: readonly XComEntry[] }>(
        `${tiPath(name)}/xcomEntries`,
        {},
        signal,
      )
      return Promise.all(
        entries.map(async (entry) =>
          entry.value === undefined
            ? get<XComEntry>(`${tiPath(name)}/xcomEntries/${encodeURIComponent(entry.key)}`, {}, signal)
            : entry,
        ),
      )
    },
  })
}

export interface LiveLog {
  readonly lines: readonly LiveLogLine[]
  /** The try has ended and this is all of it. */
  readonly ended: boolean
  readonly error: string | null
}

const NOTHING: LiveLog = { lines: [], ended: false, error: null }

/** From its first byte on, and growing while the try writes. Lines of one animation frame are shown together. */
export function useLog(topic: LogTopic | null): LiveLog {
  const [log, setLog] = useState<LiveLog>(NOTHING)
  const key = topic === null ? null : JSON.stringify(topic)
  useEffect(() => {
    setLog(NOTHING)
    if (key === null) return
    const pending: LiveLogLine[] = []
    let hasEnded = false
    let frame: number | undefined
    const flush = () => {
      frame = undefined
      const more = pending.splice(0)
      setLog((old) => ({ lines: [...old.lines, ...more], ended: hasEnded, error: null }))
    }
    const end = liveSocket.subscribeLog(
      JSON.parse(key) as LogTopic,
      (lines, ended) => {
        pending.push(...lines)
        hasEnded = ended
        frame ??= requestAnimationFrame(flush)
      },
      (error) => setLog((old) => ({ ...old, error })),
    )
    return () => {
      end()
      if (frame !== undefined) cancelAnimationFrame(frame)
    }
  }, [key])
  return log
}
