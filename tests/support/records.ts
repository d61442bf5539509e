/** Plain rows for tests: valid, small, with what matters overridden. */
import type { TickWrites } from '../../core/ports/store.ts'
import type {
  CompensationRecord,
  DagRecord,
  DagVersionRecord,
  DeadLetterRecord,
  EventRecord,
  ExecutionRecord,
  RunRecord,
  TiRecord,
  TryRecord,
} from '../../core/records.ts'

export const noWrites: TickWrites = {
  dags: [],
  insertedVersions: [],
  deletedVersions: [],
  compensations: [],
  deadLetters: [],
  deadLetterOutcomes: [],
  tiOverrides: [],
  pools: [],
  importErrors: [],
  clearedImportErrors: [],
  insertedRuns: [],
  updatedRuns: [],
  insertedTis: [],
  updatedTis: [],
  insertedTries: [],
  updatedTries: [],
  insertedExecutions: [],
  deletedExecutions: [],
  xcoms: [],
  deletedRuns: [],
  deletedPools: [],
  erasedTis: [],
  erasedRuns: [],
  deletedDags: [],
  variables: [],
  deletedVariables: [],
  connections: [],
  deletedConnections: [],
  tiNotes: [],
  draining: null,
  events: [],
  answers: [],
}

export function dag(dagId: string, over: Partial<DagRecord> = {}): DagRecord {
  return {
    dagId,
    file: `${dagId}.ts`,
    isPaused: false,
    isActive: true,
    versionId: 1,
    lastLogicalDate: null,
    lastIntervalEnd: null,
    scheduleSince: 1_700_000_000_000,
    nextRunAfter: null,
    nextLogicalDate: null,
    ...over,
  }
}

export function version(versionId: number, dagId: string, over: Partial<DagVersionRecord> = {}): DagVersionRecord {
  return {
    versionId,
    dagId,
    versionNumber: 1,
    contentHash: `content-${versionId}`,
    bundleHash: `bundle-${versionId}`,
    serialized: {
      format: 1,
      dagId,
      tags: ['ü', '{}'],
      file: `${dagId}.ts`,
      schedule: { kind: 'none' },
      timezone: 'UTC',
      tasks: [{ taskId: 'a', kind: 'task', upstream: [], inputs: {} }],
      groups: [],
    },
    createdAt: 1_700_000_000_000,
    ...over,
  }
}

export function run(id: number, dagId: string, over: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    dagId,
    runId: `manual__${id}`,
    runType: 'manual',
    state: 'queued',
    versionId: 1,
    logicalDate: id,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: 1_700_000_000_000,
    queuedAt: 1_700_000_000_001,
    startDate: null,
    endDate: null,
    conf: '{}',
    note: null,
    correlationId: null,
    triggerKey: null,
    triggeredBy: 'user:anna',
    ...over,
  }
}

export function ti(id: number, dagRunId: number, taskId: string, over: Partial<TiRecord> = {}): TiRecord {
  return {
    id,
    dagRunId,
    taskId,
    mapIndex: -1,
    state: 'none',
    tryNumber: 0,
    maxTries: 4,
    failures: 0,
    losses: 0,
    retryAt: null,
    startDate: null,
    endDate: null,
    branchSkips: null,
    ...over,
  }
}

export function tryOf(tiId: number, tryNumber: number, dagRunId: number, over: Partial<TryRecord> = {}): TryRecord {
  return {
    tiId,
    tryNumber,
    dagRunId,
    queuedAt: 1_700_000_000_002,
    startDate: null,
    endDate: null,
    state: 'queued',
    host: null,
    pid: null,
    cause: null,
    ...over,
  }
}

export function execution(tiId: number, tryNumber: number, dagRunId: number, epoch: number): ExecutionRecord {
  return { tiId, tryNumber, dagRunId, host: 'host-a:1:1', epoch, units: '[["pool:default_pool",1]]' }
}

export function event(id: number, over: Partial<EventRecord> = {}): EventRecord {
  return {
    id,
    at: 1_700_000_000_003 + id,
    dagRunId: null,
    dagId: null,
    tiId: null,
    tryNumber: null,
    kind: 'ti.queued',
    actor: 'scheduler',
    cause: null,
    data: null,
    ...over,
  }
}

export function compensation(
  tiId: number,
  dagRunId: number,
  over: Partial<CompensationRecord> = {},
): CompensationRecord {
  return {
    tiId,
    forwardTry: 1,
    dagRunId,
    forwardState: 'success',
    state: 'compensating',
    scope: null,
    firstTry: null,
    lastTry: null,
    plannedAt: 1_700_000_000_003,
    endedAt: null,
    actor: 'scheduler',
    failedTask: 'ship',
    error: null,
    ...over,
  }
}

export function deadLetter(tiId: number, dagRunId: number, over: Partial<DeadLetterRecord> = {}): DeadLetterRecord {
  return {
    tiId,
    tryNumber: 1,
    dagRunId,
    dagId: 'sales',
    taskId: 'ship',
    mapIndex: -1,
    versionId: 1,
    kind: 'task',
    strategy: 'retry-then-compensate',
    fingerprint: 'f1',
    causeKind: 'error',
    message: 'out of stock',
    at: 1_700_000_000_004,
    ...over,
  }
}
