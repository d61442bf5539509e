/**
 * A WorkerApi in memory, for tests and the public in-memory runner: bundles, variables and connections are put in by hand,
 * XComs and triggered runs can be looked at. It answers as the database's does, one macrotask later.
 */
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type {
  BundleCode,
  CompensateRequest,
  ConnectionRecord,
  TriggerRequest,
  WorkerApi,
  XComLocator,
} from '../core/ports/worker-api.ts'

export interface MemoryWorkerApi extends WorkerApi {
  readonly bundles: Map<string, BundleCode>
  readonly variables: Map<string, { readonly value: string; readonly secret: boolean }>
  readonly connections: Map<string, ConnectionRecord>
  /** By `xcomKey`. */
  readonly xcoms: Map<string, string>
  /** By `tryKeyText`. */
  readonly returnValues: Map<string, string>
  /** By TI: the try of it that what is undone was given, where it has had others since. */
  readonly givenTries: Map<number, number>
  readonly triggered: {
    readonly by: TryKey
    readonly request: TriggerRequest
    readonly key: string
    readonly runId: string
  }[]
  /** Runs that were to be undone. */
  readonly compensated: { readonly by: TryKey; readonly request: CompensateRequest }[]
  /** Names of the calls, in order. */
  readonly calls: string[]
}

export function xcomKey(target: XComLocator): string {
  return [target.dagId, target.runId, target.taskId, target.mapIndex, target.key].join('/')
}

export function createMemoryWorkerApi(): MemoryWorkerApi {
  const bundles = new Map<string, BundleCode>()
  const variables = new Map<string, { readonly value: string; readonly secret: boolean }>()
  const connections = new Map<string, ConnectionRecord>()
  const xcoms = new Map<string, string>()
  const returnValues = new Map<string, string>()
  const givenTries = new Map<number, number>()
  const triggered: {
    readonly by: TryKey
    readonly request: TriggerRequest
    readonly key: string
    readonly runId: string
  }[] = []
  const compensated: { readonly by: TryKey; readonly request: CompensateRequest }[] = []
  const calls: string[] = []

  async function called(name: string): Promise<void> {
    calls.push(name)
    await new Promise((resolve) => setImmediate(resolve))
  }

  return {
    bundles,
    variables,
    connections,
    xcoms,
    returnValues,
    givenTries,
    triggered,
    compensated,
    calls,
    async getBundle(hash) {
      await called('getBundle')
      const bundle = bundles.get(hash)
      if (bundle === undefined) throw new Error(`There is no bundle ${hash}.`)
      return bundle
    },
    async getReturnValues(tries, undone) {
      await called('getReturnValues')
      const given = (key: TryKey) => (undone === undefined ? undefined : givenTries.get(key.tiId))
      return tries.map((key) => {
        const tryNumber = given(key) ?? key.tryNumber
        return returnValues.get(tryKeyText({ tiId: key.tiId, tryNumber })) ?? null
      })
    },
    async getXCom(locator) {
      await called('getXCom')
      return xcoms.get(xcomKey(locator)) ?? null
    },
    async setXCom(by, target, json) {
      await called('setXCom')
      xcoms.set(xcomKey(target), json)
      if (target.key === 'return_value') returnValues.set(tryKeyText(by), json)
    },
    async getVariable(_by, key) {
      await called('getVariable')
      return variables.get(key) ?? null
    },
    async setVariable(_by, key, value) {
      await called('setVariable')
      variables.set(key, { value, secret: variables.get(key)?.secret ?? false })
    },
    async deleteVariable(_by, key) {
      await called('deleteVariable')
      variables.delete(key)
    },
    async getConnection(_by, id) {
      await called('getConnection')
      return connections.get(id) ?? null
    },
    async triggerDagRun(by, request, key) {
      await called('triggerDagRun')
      const earlier = triggered.find((item) => item.key === key && item.request.dagId === request.dagId)
      if (earlier !== undefined) return { runId: earlier.runId }
      const runId = request.runId ?? `manual__${triggered.length + 1}`
      triggered.push({ by, request, key, runId })
      return { runId }
    },
    async compensateDagRun(by, request) {
      await called('compensateDagRun')
      const { dagId, runId } = request
      if (runId === null) return { accepted: false, message: `No run of Dag "${dagId}" was started.` }
      if (!compensated.some((item) => item.request.key === request.key)) compensated.push({ by, request })
      return { accepted: true, message: `The run "${runId}" of Dag "${dagId}" is undone.` }
    },
  }
}
