/** Loads what compensations, dead letters and the search need when one of them is asked for: it is much, and most calls are not. */
import type { Failures } from './platform.ts'

export function lazyFailures(load: () => Promise<Failures>): Failures {
  return {
    planCompensation: async (...args) => (await load()).planCompensation(...args),
    compensate: async (...args) => (await load()).compensate(...args),
    compensations: async (...args) => (await load()).compensations(...args),
    letters: async (...args) => (await load()).letters(...args),
    letterGroups: async (...args) => (await load()).letterGroups(...args),
    letter: async (...args) => (await load()).letter(...args),
    redrive: async (...args) => (await load()).redrive(...args),
    discard: async (...args) => (await load()).discard(...args),
    search: async (...args) => (await load()).search(...args),
  }
}
