/** What handlers ask for by `getClient()`, answered from tables in memory and from what the test gave. */
import { tryKeyText } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import type { ClientCalls } from '../../core/ports/child-protocol.ts'
import type { ConnectionRecord, TriggerRequest, XComLocator } from '../../core/ports/worker-api.ts'
import type { HostCalls } from '../../worker/task-client.ts'
import type { MemoryTables } from '../memory-tables.ts'

export interface GivenValues {
  readonly variables: Map<string, string>
  readonly connections: ReadonlyMap<string, ConnectionRecord>
  /** Asked for by tasks that trigger a Dag; nothing runs. */
  readonly triggered: TriggerRequest[]
}

type Answers = {
  readonly [M in keyof ClientCalls]?: (...args: ClientCalls[M]['args']) => ClientCalls[M]['answer']
}

export function answerCalls(tables: MemoryTables, given: GivenValues): HostCalls {
  /** Written by hand, which counts more than what a try returned. */
  const written = new Map<string, string>()
  const answers: Answers = {
    getXCom: (place) => written.get(placeText(place)) ?? keptXCom(tables, place),
    setXCom(place, json) {
      written.set(placeText(place), json)
      return null
    },
    getVariable: (key) => given.variables.get(key) ?? null,
    setVariable(key, value) {
      given.variables.set(key, value)
      return null
    },
    deleteVariable(key) {
      given.variables.delete(key)
      return null
    },
    getConnection: (id) => given.connections.get(id) ?? null,
    triggerDagRun(request) {
      given.triggered.push(request)
      return { runId: request.runId ?? `manual__${given.triggered.length}` }
    },
    compensateDagRun: ({ dagId, runId }) => ({
      accepted: false,
      message: `The run ${runId} of ${dagId} was never made in this test, so there is nothing to undo.`,
    }),
  }
  return {
    async ask(_seq, method, ...args) {
      const answer = answers[method] as ((...values: unknown[]) => Json) | undefined
      if (answer === undefined) throw new Error(`getClient().${method} cannot be had in a test of a Dag.`)
      return answer(...args) as never
    },
    reply: () => {},
    refuse: () => {},
  }
}

function placeText({ dagId, runId, taskId, mapIndex, key }: XComLocator): string {
  return JSON.stringify([dagId, runId, taskId, mapIndex, key])
}

function keptXCom(tables: MemoryTables, place: XComLocator): string | null {
  for (const ti of tables.tis.values()) {
    if (ti.taskId !== place.taskId || ti.mapIndex !== place.mapIndex) continue
    return tables.xcoms.get(`${tryKeyText({ tiId: ti.id, tryNumber: ti.tryNumber })}.${place.key}`)?.json ?? null
  }
  return null
}
