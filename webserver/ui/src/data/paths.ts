/** Addresses of the API by what they are of. */
import { API } from '../api/request.ts'

export interface TiName {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
}

export const dagPath = (dagId: string) => `${API}/dags/${encodeURIComponent(dagId)}`

export const runPath = (dagId: string, runId: string) => `${dagPath(dagId)}/dagRuns/${encodeURIComponent(runId)}`

export const tiPath = ({ dagId, runId, taskId }: TiName) =>
  `${runPath(dagId, runId)}/taskInstances/${encodeURIComponent(taskId)}`
