/**
 * The key a task sends along with what it does elsewhere, so that the other side does it once. Invariant: a function of
 * Dag, run, task, map index and life only, hence the same on every retry and after every crash; a new life has another,
 * and so has the compensation.
 */
import { createHash } from 'node:crypto'

export interface KeyedTi {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly mapIndex: number
  /** 0 at first; raised by whoever asks for a new key. */
  readonly life: number
}

/** Of the task's id, for people who read logs of the other side. With all that follows it a key has 60 characters at most. */
const LONGEST_PREFIX = 24
/** 132 bits in base64url. */
const HASH_LENGTH = 22

/** `charge-q3Zk...`, and `charge-q3Zk.../compensate` for its compensation: letters, digits and `._-/` only. */
export function idempotencyKey(ti: KeyedTi, of: 'task' | 'compensation' = 'task'): string {
  const { dagId, runId, taskId, mapIndex, life } = ti
  const named = JSON.stringify([dagId, runId, taskId, mapIndex, life])
  const hash = createHash('sha256').update(named).digest('base64url').slice(0, HASH_LENGTH)
  const prefix = taskId.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, LONGEST_PREFIX)
  return `${prefix}-${hash}${of === 'compensation' ? '/compensate' : ''}`
}
