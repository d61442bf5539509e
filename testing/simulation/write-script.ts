/** The course of the history that a seed stands for: how many programs, which Dags, which troubles and when. */
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { Random } from './random.ts'
import { CLOCK_CHANGES, editDag, randomDag, wideDag } from './random-dag.ts'
import { POISON, type Script, TROUBLE_MS, type Trouble } from './script.ts'

const ORDINARY_START = Date.UTC(2026, 0, 1)

export function writeScript(seed: number): Script {
  const random = new Random(seed)
  const start = random.chance(0.3) ? random.pick(CLOCK_CHANGES).at - random.int(5, 80) * 1000 : ORDINARY_START
  const programs = random.chance(0.5) ? 1 : random.chance(0.8) ? 2 : 3
  const dagIds = Array.from({ length: random.int(1, 3) }, (_, i) => `dag${i}`)
  const dags = dagIds.map((dagId, i) => randomDag(random, dagId, start, dagIds.slice(i + 1)))
  const isFast = random.chance(0.1)
  if (isFast) dags.push(wideDag(random, 'wide', start))
  const troubles: Trouble[] = []
  const now = new Map(dags.map((dag) => [dag.dagId, dag]))
  const gone = new Set<string>()
  for (let at = random.int(300, 10_000); at < TROUBLE_MS; at += random.int(300, 10_000)) {
    for (const trouble of randomTroubles(random, { start, dagIds, now, gone })) troubles.push({ at, ...trouble })
  }
  return {
    seed,
    start,
    programs,
    knowsDeadHosts: random.chance(0.7),
    isFast,
    faults: random.chance(0.15) ? { before: 0, after: 0, late: 0 } : { before: 0.01, after: 0.01, late: 0.01 },
    dags,
    troubles,
  }
}

interface Course {
  readonly start: number
  readonly dagIds: readonly string[]
  /** Each Dag as its file says at this point. */
  readonly now: Map<string, SerializedDag>
  readonly gone: Set<string>
}

type Without<T> = T extends unknown ? Omit<T, 'at'> : never
type Kind = Without<Trouble>

/** Mostly one; a burst of commands now and then. */
function randomTroubles(random: Random, course: Course): Kind[] {
  const dagId = random.pick(course.dagIds)
  const roll = random.next()
  if (roll < 0.36) return [programTrouble(random)]
  if (roll < 0.54) return [randomTrigger(random, dagId, course.start)]
  if (roll < 0.57) return Array.from({ length: random.int(2, 6) }, () => randomTrigger(random, dagId, course.start))
  if (roll < 0.78) return [runTrouble(random)]
  if (roll < 0.8) return [letterTrouble(random)]
  if (roll < 0.82) return [{ kind: 'drain', ms: random.int(100, 8000) }]
  if (roll < 0.86) return [{ kind: random.chance(0.5) ? 'pause' : 'unpause', dagId }]
  if (roll < 0.9) return [poolTrouble(random)]
  if (roll < 0.915) return [{ kind: 'delete-dag', dagId }]
  if (roll < 0.93) return [variableTrouble(random)]
  return [fileTrouble(random, dagId, course)]
}

function programTrouble(random: Random): Kind {
  const program = random.next()
  const roll = random.next()
  if (roll < 0.37) return { kind: 'kill', program, ms: random.int(0, 3000) }
  if (roll < 0.56) return { kind: 'stop', program, ms: random.int(500, 25_000), inCommit: random.chance(0.3) }
  if (roll < 0.65) return { kind: 'cut', program, ms: random.int(500, 30_000) }
  // Around the time after which a standby takes over, and before an answer is too late to act on.
  if (roll < 0.73) return { kind: 'stall', program, ms: random.int(1500, 4500) }
  if (roll < 0.86) return { kind: 'jump', program, ms: random.int(-30_000, 30_000) }
  return { kind: 'stop-gracefully', program, ms: random.int(0, 10_000), pauseMs: random.int(0, 3000) }
}

function randomTrigger(random: Random, dagId: string, start: number): Kind {
  return {
    kind: 'trigger',
    dagId: random.chance(0.02) ? 'nowhere' : dagId,
    ...(random.chance(0.3) ? { logicalDate: start + random.int(-5, 60) * 1000 } : {}),
    ...(random.chance(0.2) ? { runId: `asked-${random.int(0, 3)}` } : {}),
    ...(random.chance(0.3) ? { conf: `{"n":${random.int(-1, 5)}}` } : {}),
    ...(random.chance(0.15) ? { note: random.chance(0.5) ? POISON : 'noted' } : {}),
    ...(random.chance(0.2) ? { triggerKey: `key-${random.int(0, 2)}` } : {}),
    ...(random.chance(0.03) ? { expired: true } : {}),
  }
}

function runTrouble(random: Random): Kind {
  const run = random.next()
  const task = random.chance(0.3) ? null : random.next()
  const upstream = random.chance(0.2)
  const roll = random.next()
  if (roll < 0.45) {
    const [downstream, onlyFailed, onlyRunning] = [random.chance(0.85), random.chance(0.15), random.chance(0.1)]
    return {
      kind: 'clear',
      run,
      task,
      upstream,
      downstream,
      onlyFailed,
      onlyRunning,
      newKeys: random.chance(0.2),
      newest: random.chance(0.5),
    }
  }
  if (roll < 0.63) {
    const state = random.pick(['success', 'failed', 'skipped'] as const)
    return { kind: 'mark', run, task: task ?? 0, state, upstream, downstream: random.chance(0.3) }
  }
  if (roll < 0.68) return { kind: 'mark-run', run, state: random.chance(0.5) ? 'success' : 'failed' }
  if (roll < 0.78) return { kind: 'cancel', run, task, withoutCompensation: task === null && random.chance(0.2) }
  if (roll < 0.86) return { kind: 'compensate', run, task: random.chance(0.3) ? task : null }
  if (roll < 0.94) return { kind: 'delete-run', run }
  return { kind: 'note', run, task, note: random.pick([null, 'noted', POISON]) }
}

function letterTrouble(random: Random): Kind {
  const letters = Array.from({ length: random.int(1, 4) }, () => random.next())
  if (random.chance(0.25)) return { kind: 'discard-letters', letters }
  return {
    kind: 'redrive',
    letters,
    newKeys: random.chance(0.3),
    newest: random.chance(0.5),
    twice: random.chance(0.1),
  }
}

function poolTrouble(random: Random): Kind {
  const roll = random.next()
  if (roll < 0.15) return { kind: 'delete-pool', name: random.pick(['spare', 'small']) }
  if (roll < 0.3) return { kind: 'set-pool', name: 'spare', slots: random.int(-2, 4) }
  return { kind: 'set-pool', name: 'small', slots: random.int(-1, 4) }
}

function variableTrouble(random: Random): Kind {
  const key = random.pick(['a', 'b'])
  if (random.chance(0.45)) return { kind: 'delete-variable', key }
  return { kind: 'set-variable', key, value: random.pick(['1', '2', POISON]), onlyNew: random.chance(0.3) }
}

function fileTrouble(random: Random, dagId: string, { start, dagIds, now, gone }: Course): Kind {
  const isGone = gone.has(dagId)
  const roll = random.next()
  if (isGone && roll < 0.5) {
    gone.delete(dagId)
    return { kind: 'file-back', dagId }
  }
  if (!isGone && roll < 0.35) {
    gone.add(dagId)
    return { kind: 'file-gone', dagId }
  }
  if (!isGone && roll < 0.42) return { kind: 'poison-file', dagId }
  if (!isGone && roll < 0.5) return { kind: 'break-file', dagId }
  gone.delete(dagId)
  const dag = editDag(random, now.get(dagId)!, start, dagIds.slice(dagIds.indexOf(dagId) + 1))
  now.set(dagId, dag)
  return { kind: 'edit', dag }
}
