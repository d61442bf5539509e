/**
 * The beta of Airflow's SDK (`apache-airflow-ts-sdk` 0.1.0-beta1): `await serveDags(new DagRegistry(dag))`. Its tasks are
 * never called, for a Python file drew the graph, and their handlers take `{ ctx, client }`. Such a file has no graph of its
 * own, so here the tasks of a registered Dag that nobody called run one after another in order of declaration.
 */
import { branded } from '../brand.ts'
import type { DagDeclarations } from '../declarations.ts'
import type { TaskClient, TaskContext } from '../task-context.ts'
import { handlerIn } from './bundle.ts'

/** What the handlers of the beta take. */
export interface TaskHandlerArgs {
  readonly ctx: TaskContext
  readonly client: TaskClient
}

/** Dags whose tasks need not be called. */
export class DagRegistry {
  readonly #dags: { readonly dagId: string }[] = []

  constructor(...dags: readonly { readonly dagId: string }[]) {
    this.register(...dags)
  }

  register(...dags: readonly { readonly dagId: string }[]): void {
    for (const dag of dags) {
      this.#dags.push(dag)
      const declarations = branded<DagDeclarations>(dag, 'dag')
      if (declarations !== undefined) declarations.registered = true
    }
  }

  /** The handler as it was given, or `undefined`. */
  getTaskHandler(dagId: string, taskId: string): ((...args: never[]) => unknown) | undefined {
    const dag = this.#dags.find((registered) => registered.dagId === dagId)
    return handlerIn(dag, taskId)
  }
}

/** Resolves at once: a file is served by lying in the Dags folder. */
export async function serveDags(_registry: DagRegistry): Promise<void> {}

/** The version of Airflow's protocol the beta spoke; nothing here speaks it. */
export const SUPERVISOR_API_VERSION = '2026-10-30'
