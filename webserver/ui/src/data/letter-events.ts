/** What makes a letter, and what settles one: a clear does, too. */
export const LETTER_EVENTS: readonly string[] = [
  'ti.failed',
  'ti.compensation_failed',
  'ti.cleared',
  'letter.',
  'run.deleted',
]
