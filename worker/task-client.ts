/**
 * `getClient()` of a try: every call goes to the host, which asks the worker API on behalf of this try. A call of a try
 * that has ended is refused there, and what still waits then is rejected.
 */
import type { Json } from '../core/json.ts'
import type { ClientCall, ClientCalls } from '../core/ports/child-protocol.ts'
import type { XComLocator } from '../core/ports/worker-api.ts'
import { ConnectionNotFoundError, VariableNotFoundError } from '../sdk/errors.ts'
import type { TaskClient } from '../sdk/task-context.ts'
import type { CurrentTry } from './current-try.ts'
import type { HostChannel } from './host-channel.ts'
import { toResultJson } from './result-json.ts'

export interface HostCalls {
  ask<M extends keyof ClientCalls>(
    seq: number,
    method: M,
    ...args: ClientCalls[M]['args']
  ): Promise<ClientCalls[M]['answer']>
  reply(id: number, value: Json): void
  refuse(id: number, message: string): void
}

export function createHostCalls(channel: HostChannel): HostCalls {
  interface Waiting {
    readonly method: string
    readonly resolve: (value: never) => void
    readonly reject: (error: Error) => void
  }
  const waiting = new Map<number, Waiting>()
  let lastId = 0

  return {
    ask(seq, method, ...args) {
      const id = ++lastId
      channel.send({ t: 'call', seq, id, call: { method, args } as unknown as ClientCall })
      return new Promise((resolve, reject) => waiting.set(id, { method, resolve, reject }))
    },
    reply(id, value) {
      waiting.get(id)?.resolve(value as never)
      waiting.delete(id)
    },
    refuse(id, message) {
      const call = waiting.get(id)
      call?.reject(new Error(`getClient().${call.method} failed: ${message}`))
      waiting.delete(id)
    },
  }
}

export function createTaskClient(current: CurrentTry, calls: HostCalls, maxXComBytes: number): TaskClient {
  const { order, seq } = current
  interface Place {
    readonly key: string
    readonly dagId?: string
    readonly runId?: string
    readonly taskId?: string
    readonly mapIndex?: number | null
  }

  function locate(place: Place, includePriorDates: boolean): XComLocator {
    return {
      key: place.key,
      dagId: place.dagId ?? order.dagId,
      runId: place.runId ?? order.runId,
      taskId: place.taskId ?? order.taskId,
      // Another task's XCom is that of the unmapped task unless an index is named.
      mapIndex: place.mapIndex ?? (place.taskId === undefined ? order.mapIndex : -1),
      includePriorDates,
    }
  }

  return {
    async getXCom<T>(opts: Parameters<TaskClient['getXCom']>[0]) {
      const json = await calls.ask(seq, 'getXCom', locate(opts, opts.includePriorDates ?? false))
      return json === null ? null : (JSON.parse(json) as T)
    },
    async setXCom(opts) {
      const json = toResultJson(opts.value ?? null, `XCom "${opts.key}"`, maxXComBytes)
      await calls.ask(seq, 'setXCom', locate(opts, false), json)
    },
    getVariable: (key) => calls.ask(seq, 'getVariable', key),
    async getVariableOrThrow(key) {
      const value = await calls.ask(seq, 'getVariable', key)
      if (value === null) throw new VariableNotFoundError(key)
      return value
    },
    async setVariable(key, value, description) {
      if (typeof value !== 'string') {
        throw new TypeError(`The variable "${key}" must be text, not ${typeof value}. Use JSON.stringify for data.`)
      }
      await calls.ask(seq, 'setVariable', key, value, description ?? null)
    },
    async deleteVariable(key) {
      await calls.ask(seq, 'deleteVariable', key)
    },
    getConnection: (connId) => calls.ask(seq, 'getConnection', connId),
    async getConnectionOrThrow(connId) {
      const connection = await calls.ask(seq, 'getConnection', connId)
      if (connection === null) throw new ConnectionNotFoundError(connId)
      return connection
    },
  }
}
