/**
 * Why a try ended other than by success: one record a person can read, kept for ever with the try.
 * `platform` causes are not the task's fault and use up no retry.
 */
export type CauseKind =
  /** The handler threw or rejected. */
  | 'error'
  /** It asked to fail for good (`throw new FailError`): no retry. */
  | 'fail'
  /** The per-try timeout passed. */
  | 'timeout'
  /** The child exited by itself (`process.exit`) or was ended by a signal nobody here sent. */
  | 'exit'
  | 'signal'
  /** Past the memory limit, or the kernel's out-of-memory killer. */
  | 'out-of-memory'
  /** Somebody or some rule asked for it: `by` says who. */
  | 'cancelled'
  /** The child stopped answering its heartbeat. */
  | 'heartbeat'
  /** platform: another try's leftovers took the child down. */
  | 'bad-neighbour'
  /** platform: the host or the whole program died. */
  | 'host-lost'
  /** platform: the bundle, the inputs or the child could not be had. */
  | 'not-started'

export interface CauseOfDeath {
  readonly kind: CauseKind
  /** One sentence with the value, the cause and, where there is one, the remedy. Masked, no NUL, at most 4,000 characters. */
  readonly message: string
  /** Stack with source-mapped positions in the author's file. Masked, at most 16,000 characters. */
  readonly stack?: string
  readonly exitCode?: number
  readonly signal?: string
  /** For `cancelled`: a user, `dagrun timeout`, `shutdown`, ... */
  readonly by?: string
}

export const PLATFORM_CAUSES: ReadonlySet<CauseKind> = new Set(['bad-neighbour', 'host-lost', 'not-started'])
