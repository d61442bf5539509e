/**
 * A project whose tasks record what they do themselves: every line of its effects file names run, task and try. With it
 * programs on one database that are killed, stopped and started again. The order of lines in the file is the order of
 * what happened, whatever the clocks say.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { CommandRequest } from '../../core/records.ts'
import { submitCommand } from '../../database/commands.ts'
import { openPool } from '../../database/connect.ts'
import { runningServer } from '../../database/embedded/server.ts'
import { Place, type Program, type ProgramCommand, SCHEDULER } from '../end-to-end/program.ts'

export interface Effect {
  readonly what: 'begin' | 'alive' | 'end' | 'note'
  readonly runId: string
  readonly taskId: string
  readonly tryNumber: number
  readonly pid: number
  readonly detail?: unknown
}

/** Own pool, so that a slot that leaks is missed; the check afterwards needs both of its slots at once. */
const POOL = 'narrow'
const POOL_SLOTS = 2

const SLOTS_DAG = `
import { Dag } from 'tradewind'
new Dag('all_slots', {}).task('takes_all', () => 1, { pool: '${POOL}', poolSlots: ${POOL_SLOTS} })()
`

export interface CrashPlaceOptions {
  /** `null`: every program runs the embedded server in its data folder `data`. */
  readonly database: pg.ClientConfig | null
  /** Where programs find it, if that is another way. */
  readonly programDatabase?: pg.ClientConfig
}

export class CrashPlace {
  readonly place: Place
  readonly effectsFile: string
  readonly #database: pg.ClientConfig | null
  #asked = 0

  private constructor(place: Place, database: pg.ClientConfig | null) {
    this.place = place
    this.#database = database
    this.effectsFile = join(place.root, 'effects.jsonl')
  }

  static async make({ database, programDatabase }: CrashPlaceOptions): Promise<CrashPlace> {
    const used = programDatabase ?? database
    const made = new CrashPlace(await Place.make(used === null ? {} : { database: used }), database)
    await writeFile(made.effectsFile, '')
    await chmod(made.effectsFile, 0o666)
    return made
  }

  /** The file of one Dag, of which `text` is the part behind the prelude below, and what the check needs. */
  async put(dagId: string, text: string): Promise<void> {
    // A leader that runs already must hear of it; before there is one, nobody can be asked.
    if (this.#database === null) await this.ask({ kind: 'set-pool', name: POOL, slots: POOL_SLOTS })
    else await this.query(`insert into pool (name, slots) values ('${POOL}', ${POOL_SLOTS}) on conflict do nothing`)
    await writeFile(join(this.place.dags, 'all_slots.ts'), SLOTS_DAG)
    await writeFile(join(this.place.dags, `${dagId}.ts`), `${prelude(this.effectsFile)}${text}`)
  }

  /** `name`: its own data folder, so that two can run beside each other. */
  start(name: string, env: Record<string, string> = {}, command: ProgramCommand = SCHEDULER): Promise<Program> {
    return this.place.start({ ...ownFolder(this.place, name), ...env }, command)
  }

  launch(name: string, env: Record<string, string>, command: ProgramCommand): Program {
    return this.place.launch({ ...ownFolder(this.place, name), ...env }, command)
  }

  /** Asks the leader; waits for one, if there is none yet. */
  async ask(request: CommandRequest, idempotencyKey = `crash-${++this.#asked}`): Promise<void> {
    const pool = openPool(await this.#connection(), { name: 'crash test', max: 2 })
    const until = performance.now() + 30_000
    try {
      for (;;) {
        const result = await submitCommand(pool, request, { actor: 'user:test', idempotencyKey, timeoutMs: 10_000 })
        if (result.status === 'answered' && result.answer.ok) return
        if (result.status === 'answered') throw new Error(`refused: ${JSON.stringify(result.answer)}`)
        if (performance.now() > until) throw new Error(`no leader took ${request.kind}: ${result.status}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } finally {
      await pool.end()
    }
  }

  async untilLive(dagId: string): Promise<void> {
    await this.until(`select 1 from dag where dag_id in ('${dagId}', 'all_slots')`, (rows) => rows.length === 2)
  }

  /** Standard output of a command on the data folder `data`. */
  async cli(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.place.cli(...args, '--data-folder', join(this.place.root, 'data'))
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return stdout
  }

  async trigger(dagId: string, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) await this.ask({ kind: 'trigger', dagId, runId })
  }

  async effects(): Promise<readonly Effect[]> {
    const lines = (await readFile(this.effectsFile, 'utf8')).split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Effect)
  }

  /** Looks every few milliseconds: what tasks do is told by no commit. */
  async untilEffect(is: (effect: Effect) => boolean, limitMs = 60_000): Promise<Effect> {
    const until = performance.now() + limitMs
    for (;;) {
      const found = (await this.effects()).find(is)
      if (found !== undefined) return found
      if (performance.now() > until) throw new Error(`no such effect within ${limitMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async until<R extends pg.QueryResultRow>(
    query: string,
    done: (rows: R[]) => boolean,
    limitMs = 30_000,
  ): Promise<R[]> {
    const until = performance.now() + limitMs
    for (;;) {
      const rows = await this.query<R>(query).catch((error: unknown) => {
        // A server that is down at the moment: that is what some of these tests are about.
        if (performance.now() > until) throw error
        return null
      })
      if (rows !== null && done(rows)) return rows
      if (performance.now() > until) {
        throw new Error(`not within ${limitMs} ms: ${query}; last: ${JSON.stringify(rows?.slice(0, 8))}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  async #connection(): Promise<pg.ClientConfig> {
    const found = this.#database ?? (await runningServer(join(this.place.root, 'data/postgres')))
    if (found === null) throw new Error('no server is running')
    return found
  }

  async query<R extends pg.QueryResultRow = pg.QueryResultRow>(query: string): Promise<R[]> {
    const client = new pg.Client(await this.#connection())
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<R>(query)).rows
    } finally {
      await client.end()
    }
  }

  async untilRunsEnded(dagId: string, count: number, limitMs = 60_000): Promise<void> {
    await this.until<{ n: number }>(
      `select count(*)::int as n from dag_run where dag_id = '${dagId}' and state in ('success', 'failed')`,
      ([row]) => row?.n === count,
      limitMs,
    )
  }

  /** Runs a test here; one that fails shows what the programs said. */
  async use(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof Error) error.message += `\n${this.place.said()}`
      await this.place.kill()
      throw error
    } finally {
      await this.place.close()
    }
  }
}

function ownFolder(place: Place, name: string): Record<string, string> {
  return { TRADEWIND_DATA_FOLDER: join(place.root, name), TRADEWIND_DAGS_FOLDER: place.dags }
}

/** `say` writes a line; `work` begins, lives for `ms`, and ends. */
function prelude(effectsFile: string): string {
  return `
import { appendFileSync } from 'node:fs'
import { Dag, getContext } from 'tradewind'
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const say = (what: string, detail?: unknown) => {
  const { runId, taskId, tryNumber } = getContext()
  const line = JSON.stringify({ what, runId, taskId, tryNumber, pid: process.pid, detail })
  appendFileSync(${JSON.stringify(effectsFile)}, line + '\\n')
}
const work = async (ms: number) => {
  say('begin')
  for (const until = Date.now() + ms; Date.now() < until; ) {
    await pause(Math.min(20, ms))
    say('alive')
  }
  say('end')
  return getContext().tryNumber
}
const inPool = { pool: '${POOL}' }
`
}
