/** Reads the text of a Dag file the way the parse child does, with lines that count from 1 in the text as it stands. */
import vm from 'node:vm'
import type { ImportProblem, SerializedDag } from '../../core/serialized-dag.ts'
import * as airflow from '../../sdk/airflow.ts'
import * as tradewind from '../../sdk/index.ts'
import { type AnyDag, beginCollection, serializeDags } from '../../sdk/internal.ts'

export interface ReadFile {
  readonly dags: readonly AnyDag[]
  readonly serialized: readonly SerializedDag[]
  readonly problems: readonly ImportProblem[]
  readonly warnings: readonly ImportProblem[]
}

/** `code` may use the names of `sdk` and anything in `more`. */
export function readDagFile(code: string, sdk: 'tradewind' | 'airflow' = 'tradewind', more: object = {}): ReadFile {
  const names = { ...(sdk === 'airflow' ? airflow : tradewind), ...more }
  const collection = beginCollection()
  try {
    const body = vm.runInThisContext(`(function ({ ${Object.keys(names).join(', ')} }) {${code}\n})`, {
      filename: '/folder/of/dags/sales.ts',
    }) as (names: object) => void
    body(names)
  } finally {
    collection.end()
  }
  const {
    dags: serialized,
    problems,
    warnings,
  } = serializeDags(collection.dags, {
    file: 'sales.ts',
    positionOf: (raw) => (raw.file === '/folder/of/dags/sales.ts' ? { file: 'sales.ts', line: raw.line } : null),
  })
  return { dags: collection.dags, serialized, problems, warnings }
}

/** The one Dag of a file without mistakes. */
export function readDag(code: string, sdk: 'tradewind' | 'airflow' = 'tradewind', more: object = {}): SerializedDag {
  const { serialized, problems } = readDagFile(code, sdk, more)
  if (problems.length > 0) throw new Error(JSON.stringify(problems, null, 2))
  if (serialized.length !== 1) throw new Error(`${serialized.length} Dags`)
  return serialized[0]!
}

/** `taskId: upstream, upstream` for every task. */
export function edges(dag: SerializedDag): Record<string, string> {
  return Object.fromEntries(dag.tasks.map((task) => [task.taskId, task.upstream.join(', ')]))
}
