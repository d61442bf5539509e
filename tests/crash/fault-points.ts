/** Where the scheduler is killed: every point at which what is on disk, in memory and at the executor differ. */
export const SCHEDULER_FAULTS = [
  'after the lease is taken',
  'after loading',
  'before the commit of a run',
  'after the commit of a run, before it is applied',
  'before the commit of a dispatch',
  'after the commit of a dispatch, before it is applied',
  'after the dispatch is applied, before it is handed over',
  'after the dispatch is handed over',
  'when its start is reported',
  'when its result is reported',
  'before the commit of a result',
  'while a result is committed',
  'after the commit of a result, before it is applied',
  'before the acknowledgement',
  'after the acknowledgement',
] as const

export type FaultPoint = (typeof SCHEDULER_FAULTS)[number] | 'the worker, between result and acknowledgement'
