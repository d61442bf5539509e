/**
 * What has to happen in every thousand histories, or they prove less than they seem to. A new feature adds its line here:
 * a counter that stays at zero fails the whole run.
 */
export const COUNTERS = [
  // what goes wrong
  'kills',
  'lost hosts',
  'graceful stops',
  'stops',
  'stopped and woken old leaders',
  'cuts',
  'stalls',
  'terms lost during a commit',
  'leader changes',
  'fenced commits',
  'failed acquireLease',
  'failed renewLease',
  'failed load',
  'failed lookUp',
  'failed commit',
  'failed commandsAfter',
  'unknown commits',
  'late commits',
  'lost hints',
  'lost reports',
  'late reports',
  'doubled reports',
  'reordered reports',
  'stale results',
  'platform losses',
  'clock jumps forwards',
  'clock jumps backwards',
  'DST crossings',
  'bisected ticks',
  'isolated commands',
  'isolated results',
  'isolated files',
  'isolated timers',
  // what is asked for
  'triggers',
  'triggers by tasks',
  'clears',
  'clears while running',
  'clears with what is below',
  'marks while running',
  'marks of finished runs',
  'runs marked',
  'cancels',
  'run cancels',
  'running tasks cancelled',
  'runs deleted',
  'notes',
  'refused commands',
  'expired commands',
  'drains',
  'pauses',
  'unpauses',
  'pools resized',
  'pools deleted',
  'Dags deleted',
  'redrives',
  'letters redriven',
  'letters discarded',
  'letters refused',
  'new keys',
  'runs moved to the newest version',
  'tasks that came',
  'tasks that went',
  'trigger keys used again',
  'variables set',
  'variables deleted',
  'edits',
  'edits with open runs',
  'broken files',
  'files gone',
  'files back',
  // what the engine does
  'scheduled runs',
  'runs not created',
  'runs capped',
  'run timeouts',
  'timeouts',
  'retries',
  'retry waits',
  'pool-limited',
  'task-limited',
  'run-limited',
  'slot-limited',
  'queued ahead',
  'branches not followed',
  'upstream failures',
  'skips',
  'dead letters',
  'tasks outside their dates',
  'compensations',
  'compensations failed',
  'compensations withdrawn',
  'compensation retries',
  'compensations asked for',
  'tasks undone by sagas',
  'tasks undone by hand',
  'runs undone',
  'runs that failed fast',
  'cut off, and undone',
  'refused while something is undone',
  'kills while something is undone',
  'memory compared',
] as const

export type Counter = (typeof COUNTERS)[number]

export type Coverage = Map<Counter, number>

export function addCoverage(sum: Coverage, more: Iterable<readonly [Counter, number]>): void {
  for (const [what, count] of more) sum.set(what, (sum.get(what) ?? 0) + count)
}

/** In the order of the list, so that two lines can be compared. */
export function coverageLine(coverage: ReadonlyMap<Counter, number>): string {
  return COUNTERS.map((what) => `${what} ${coverage.get(what) ?? 0}`).join(', ')
}

export function uncovered(coverage: ReadonlyMap<Counter, number>): Counter[] {
  return COUNTERS.filter((what) => (coverage.get(what) ?? 0) === 0)
}
