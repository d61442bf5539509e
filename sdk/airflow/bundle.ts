/**
 * The entry point of an Airflow file: `await new Bundle(dag).serve()`. Here a file is served by lying in the Dags folder, so
 * a bundle only remembers what it was given and serving does no harm.
 */

import { branded } from '../brand.ts'
import { declarationsOf } from '../declarations.ts'

/** The implementation of a task that a Python Dag declares. It is kept for `getTaskHandler`; no Dag of ours runs it. */
export class TaskHandler {
  readonly dagId: string
  readonly taskId: string
  readonly handler: (...args: never[]) => unknown

  constructor(dagId: string, taskId: string, handler: (...args: never[]) => unknown) {
    this.dagId = dagId
    this.taskId = taskId
    this.handler = handler
  }
}

/** What can be registered: a Dag, or the handler of a Python Dag's task. */
export type Registerable = { readonly dagId: string }

export class Bundle {
  readonly #items: Registerable[] = []

  constructor(...items: readonly Registerable[]) {
    this.register(...items)
  }

  register(...items: readonly Registerable[]): void {
    this.#items.push(...items)
  }

  /** The handler as it was given, or `undefined`. */
  getTaskHandler(dagId: string, taskId: string): ((...args: never[]) => unknown) | undefined {
    for (const item of this.#items) {
      if (item.dagId !== dagId) continue
      if (item instanceof TaskHandler) {
        if (item.taskId === taskId) return item.handler
        continue
      }
      const found = handlerIn(item, taskId)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Resolves at once. */
  async serve(): Promise<void> {}
}

/** The handler of a task of a Dag, or `undefined`. */
export function handlerIn(dag: unknown, taskId: string): ((...args: never[]) => unknown) | undefined {
  if (branded(dag, 'dag') === undefined) return undefined
  return declarationsOf(dag).tasks.find((task) => task.taskId === taskId)?.handler
}
