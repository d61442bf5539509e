/**
 * What must hold when everything has come to rest after a crash, by the tables, by the history, and by what the tasks
 * wrote down themselves: every committed success stands, the rest ran again, no TI has two accepted results or two live
 * executions, no slot leaked, no process is left, and each lost try tells its cause, in its row and in its log.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import { logPath } from '../../executor/file-log-path.ts'
import type { CrashPlace } from './crash-place.ts'

export interface Expected {
  readonly dagId: string
  readonly runs: number
  /** Of each run. */
  readonly tasks: number
  /** What had succeeded before: from `committedSuccesses`. */
  readonly before?: readonly Success[]
  /** Kinds of causes that a try may have died of. Default: the platform lost it. */
  readonly causes?: readonly string[]
  /** Data folders whose logs are looked at. */
  readonly folders: readonly string[]
}

export interface Success {
  readonly run: string
  readonly task: string
  readonly tries: number
}

interface TryRow {
  readonly run: string
  readonly task: string
  readonly ti: string
  readonly n: number
  readonly state: string
  readonly cause: string | null
}

export async function committedSuccesses(place: CrashPlace, dagId: string): Promise<readonly Success[]> {
  return place.query<{ run: string; task: string; tries: number }>(
    `select r.run_id as run, t.task_id as task, t.try_number as tries
     from task_instance t join dag_run r on r.id = t.dag_run_id where r.dag_id = '${dagId}' and t.state = 'success'`,
  )
}

/** With a leader running. */
export async function checkAfterCrash(place: CrashPlace, expected: Expected): Promise<void> {
  const { dagId, runs, tasks } = expected
  const found = await place.query<{ state: string; n: number }>(
    `select state, count(*)::int as n from dag_run where dag_id = '${dagId}' group by state`,
  )
  assert.deepEqual(found, [{ state: 'success', n: runs }])
  const [dates] = await place.query<{ doubles: number }>(
    `select count(*)::int - count(distinct logical_date)::int as doubles
     from dag_run where dag_id = '${dagId}' and logical_date is not null`,
  )
  assert.equal(dates?.doubles, 0)

  const after = await committedSuccesses(place, dagId)
  assert.equal(after.length, runs * tasks)
  const triesOf = new Map(after.map((one) => [`${one.run} ${one.task}`, one.tries]))
  for (const { run, task, tries } of expected.before ?? []) {
    assert.equal(triesOf.get(`${run} ${task}`), tries, `${run} ${task} had succeeded, and ran again`)
  }

  await checkTries(place, expected)
  await checkEffects(place, dagId, triesOf)
  await checkSlots(place)
}

async function checkTries(place: CrashPlace, { dagId, causes = ['host-lost', 'cancelled'], folders }: Expected) {
  const tries = await place.query<TryRow>(
    `select r.run_id as run, t.task_id as task, t.id::text as ti, y.try_number as n, y.state, y.cause
     from try y join task_instance t on t.id = y.ti_id join dag_run r on r.id = t.dag_run_id
     where r.dag_id = '${dagId}' order by t.id, y.try_number`,
  )
  const accepted = await place.query<{ ti: string; n: number; times: number }>(
    `select e.ti_id::text as ti, max(e.try_number)::int as n, count(*)::int as times
     from event e join dag_run r on r.id = e.dag_run_id where r.dag_id = '${dagId}' and e.kind = 'ti.success'
     group by e.ti_id`,
  )
  const successes = tries.filter((row) => row.state === 'success')
  const key = (row: { ti: string; n: number }) => `${row.ti}/${row.n}`
  assert.deepEqual(
    accepted.filter((row) => row.times !== 1),
    [],
  )
  assert.deepEqual(accepted.map(key).toSorted(), successes.map(key).toSorted())
  assert.equal(new Set(successes.map((row) => row.ti)).size, successes.length)
  for (const row of tries) {
    if (row.state === 'success') continue
    const about = `${row.task} try ${row.n} of ${row.run}: ${row.cause}`
    const cause = JSON.parse(row.cause ?? 'null') as CauseOfDeath | null
    assert.ok(cause !== null && causes.includes(cause.kind) && cause.message.length > 10, about)
    await untilTrue(
      async () => (await lastWords(place, folders, dagId, row)) !== '',
      `no last words in its log: ${about}`,
    )
  }
}

/** The platform's last line in the log of a try that died. */
async function lastWords(place: CrashPlace, folders: readonly string[], dagId: string, row: TryRow): Promise<string> {
  const address = { tiId: 0, tryNumber: row.n, dagId, runId: row.run, taskId: row.task, mapIndex: -1 }
  let words = ''
  for (const folder of folders) {
    const path = logPath(join(place.place.root, folder, 'logs'), address)
    const text = await readFile(path, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      if (line === '' || !line.startsWith('{') || !line.endsWith('}')) continue
      const { source, level, text: said } = JSON.parse(line) as { source: string; level: string; text: string }
      if (source === 'tradewind' && level === 'error') words = said
    }
  }
  return words
}

/** No two executions of one TI lived at once, and the accepted try did its work exactly once. */
async function checkEffects(place: CrashPlace, dagId: string, triesOf: ReadonlyMap<string, number>): Promise<void> {
  const rows = await place.query<{ run: string }>(`select run_id as run from dag_run where dag_id = '${dagId}'`)
  const runs = new Set(rows.map((row) => row.run))
  const latest = new Map<string, number>()
  const begun = new Set<string>()
  const ends = new Map<string, number[]>()
  for (const { what, runId, taskId, tryNumber } of await place.effects()) {
    if (!runs.has(runId)) continue
    const ti = `${runId} ${taskId}`
    assert.ok(tryNumber >= (latest.get(ti) ?? 0), `${ti}: try ${tryNumber} lived on after a later one had begun`)
    latest.set(ti, tryNumber)
    if (what === 'begin') {
      assert.ok(!begun.has(`${ti} ${tryNumber}`), `${ti}: try ${tryNumber} was started twice`)
      begun.add(`${ti} ${tryNumber}`)
    }
    if (what === 'end') ends.set(ti, [...(ends.get(ti) ?? []), tryNumber])
  }
  for (const [ti, tries] of triesOf) {
    const accepted = (ends.get(ti) ?? []).filter((n) => n === tries)
    assert.equal(accepted.length, 1, `${ti}: ends of its accepted try ${tries}`)
    assert.equal(latest.get(ti), tries, `${ti}: the last try that ran`)
  }
}

/** Nothing is counted as running, and a task that needs every slot of the pool gets them. */
async function checkSlots(place: CrashPlace): Promise<void> {
  const [left] = await place.query<{ active: number; open: number }>(
    'select (select count(*)::int from active) as active, (select count(*)::int from open_run) as open',
  )
  assert.deepEqual(left, { active: 0, open: 0 })
  const [before] = await place.query<{ n: number }>(`select count(*)::int as n from dag_run where dag_id = 'all_slots'`)
  await place.trigger('all_slots', [`after-${before?.n}`])
  await place.untilRunsEnded('all_slots', (before?.n ?? 0) + 1, 20_000)
}

/** When every program was stopped: what still runs with a file, a folder or a marker of the place. */
export async function checkNothingLeft(place: CrashPlace): Promise<void> {
  let left: readonly string[] = []
  await untilTrue(
    async () => {
      left = await processesIn(place.place.root)
      return left.length === 0
    },
    () => `still running: ${left.join(', ')}`,
  )
}

/** Logs are written and processes collected a moment later. */
async function untilTrue(isTrue: () => Promise<boolean>, message: string | (() => string)): Promise<void> {
  for (const until = performance.now() + 5_000; !(await isTrue()); ) {
    if (performance.now() > until) assert.fail(typeof message === 'string' ? message : message())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function processesIn(root: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')
    const [command, environment, stat] = await Promise.all([read('cmdline'), read('environ'), read('stat')])
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (/\) [ZX] /.test(stat)) continue
    if ([command, environment, cwd].some((text) => text.includes(root))) {
      found.push(`${pid} ${command.replaceAll('\0', ' ')}`)
    }
  }
  return found
}
