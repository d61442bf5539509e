/**
 * Answers what user code asks through `getClient()`, on behalf of one try. Every secret is known to the masker before it
 * leaves for the child; nothing a try stores holds one.
 */
import type { TryKey } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { ClientCall } from '../core/ports/child-protocol.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'
import { type Masker, secretsOf } from './masking.ts'
import type { UpstreamValues } from './upstream-values.ts'

export interface CallContext {
  readonly api: WorkerApi
  readonly masker: Masker
  readonly values: UpstreamValues
  readonly by: TryKey
  readonly idempotencyKey: string
}

export const RETURN_VALUE = 'return_value'

export async function serveClientCall(call: ClientCall, context: CallContext): Promise<Json> {
  const { api, masker, by } = context
  switch (call.method) {
    case 'getXCom':
      return await api.getXCom(call.args[0])
    case 'setXCom':
      if (call.args[0].key === RETURN_VALUE) context.values.forgetAll()
      await api.setXCom(by, call.args[0], masker.maskJson(call.args[1]))
      return null
    case 'getVariable': {
      const variable = await api.getVariable(by, call.args[0])
      if (variable === null) return null
      if (variable.secret) masker.add(variable.value)
      return variable.value
    }
    case 'setVariable':
      await api.setVariable(by, call.args[0], call.args[1], call.args[2])
      return null
    case 'deleteVariable':
      await api.deleteVariable(by, call.args[0])
      return null
    case 'getConnection': {
      const connection = await api.getConnection(by, call.args[0])
      if (connection === null) return null
      for (const secret of secretsOf(connection)) masker.add(secret)
      const { id, type, host, schema, login, password, port, extra } = connection
      return { id, type, host, schema, login, password, port, extra }
    }
    case 'triggerDagRun': {
      const request = call.args[0]
      const masked = { ...request, conf: masker.maskValue(request.conf) }
      const { runId } = await api.triggerDagRun(by, masked, context.idempotencyKey)
      return { runId }
    }
    case 'compensateDagRun': {
      const { accepted, message } = await api.compensateDagRun(by, call.args[0])
      return { accepted, message }
    }
  }
}
