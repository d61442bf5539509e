/**
 * The least a durable hop can cost here: one prepared insert of one row, committed, on the same server, then one round
 * trip to a warm child over Node's IPC. Nothing is decided, checked or kept, so no engine that makes a success durable
 * before it starts what follows, and runs user code in another process, gets below it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const ECHO_CHILD = fileURLToPath(new URL('./echo-child.ts', import.meta.url))
/** About what a try's message to its child holds. */
const ORDER = {
  t: 'run',
  seq: 1,
  order: { dagId: 'chain', runId: 'manual__1', taskId: 'task_1', inputs: {}, text: 'x'.repeat(300) },
}

export interface HopLimit {
  /** Milliseconds of `hops` hops one after another. */
  measure(hops: number): Promise<number>
  /**
   * The same where each hop's round trip has a child work for a while, less that work. Everything was asleep meanwhile, so
   * the round trip and the insert take longer than one after another without a pause.
   * @param work sends one order to a warm child and resolves, when its answer has come, with how long the child worked.
   */
  measureAround(hops: number, work: () => Promise<number>): Promise<number>
  close(): Promise<void>
}

export async function openHopLimit(connection: pg.ClientConfig): Promise<HopLimit> {
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  await client.query(
    'create table if not exists bench_limit (id bigint primary key, state text not null, at bigint not null)',
  )
  const child = await startEchoChild()
  let id = 0
  const insert = async () => {
    id += 1
    await client.query({
      name: 'hop',
      text: 'insert into bench_limit values ($1, $2, $3)',
      values: [id, 'success', Date.now()],
    })
  }
  const hop = async () => {
    await insert()
    await roundTrip(child, ORDER)
  }
  for (let warm = 0; warm < 100; warm += 1) await hop()
  return {
    measure: async (hops) => {
      const started = performance.now()
      for (let n = 0; n < hops; n += 1) await hop()
      return performance.now() - started
    },
    measureAround: async (hops, work) => {
      const started = performance.now()
      let worked = 0
      for (let n = 0; n < hops; n += 1) {
        worked += await work()
        await insert()
      }
      return performance.now() - started - worked
    },
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
      await client.query('drop table bench_limit')
      await client.end()
    },
  }
}

export async function startEchoChild(): Promise<ChildProcess> {
  const child = fork(ECHO_CHILD, { execArgv: [], serialization: 'json' })
  await once(child, 'message')
  return child
}

export function roundTrip(child: ChildProcess, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve())
    child.send(message, (error) => {
      if (error !== null) reject(error)
    })
  })
}
