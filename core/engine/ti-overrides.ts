/**
 * What an operator changed of a task instance: its life, on which its idempotency key depends, and arguments that replace
 * the bound ones. Few have any; they are kept with the run in memory and in a table of their own. Both hold for every try
 * that follows, until somebody changes them again.
 */
import type { GraphTask } from '../graph.ts'
import type { Json } from '../json.ts'
import type { TiOverrideRecord, TiRecord } from '../records.ts'
import { isStorable } from '../storable-text.ts'
import type { Draft } from './draft.ts'
import type { RunDraft } from './run-draft.ts'

/** Characters of JSON: they travel with every dispatch. Larger data belongs elsewhere, with a reference here. */
const LONGEST_INPUTS = 64 * 1024

export interface OverrideChange {
  /** Begins a new life: what the TI did before is to be done again. */
  readonly newLife: boolean
  /** JSON object text; of an empty one nothing is replaced any more. Left out: as it was. */
  readonly inputs?: string
}

export function changeOverride(draft: Draft, run: RunDraft, ti: TiRecord, { newLife, inputs }: OverrideChange): void {
  if (!newLife && inputs === undefined) return
  const before = run.overrides?.get(ti.id) ?? { tiId: ti.id, dagRunId: ti.dagRunId, life: 0, inputs: null }
  const after: TiOverrideRecord = {
    ...before,
    life: before.life + (newLife ? 1 : 0),
    inputs: inputs === undefined ? before.inputs : withoutNothing(inputs),
  }
  draft.rows++
  draft.rare.tiOverrides.set(ti.id, after)
  run.overrides = new Map(run.overrides).set(ti.id, after)
}

function withoutNothing(inputs: string): string | null {
  return Object.keys(JSON.parse(inputs) as object).length === 0 ? null : inputs
}

/** Why a text cannot replace arguments of a task, or `null`. */
export function inputsProblem(
  { taskId, serialized }: Pick<GraphTask, 'taskId' | 'serialized'>,
  text: string,
): string | null {
  if (text.length > LONGEST_INPUTS) {
    return `the arguments have ${text.length} characters of JSON, the most is ${LONGEST_INPUTS}; pass a reference to the data instead`
  }
  if (!isStorable(text)) return 'the arguments hold a NUL or half of a character; take it out'
  let inputs: Json
  try {
    inputs = JSON.parse(text) as Json
  } catch {
    return 'the arguments are not JSON; pass an object such as {"amount":5}'
  }
  if (inputs === null || typeof inputs !== 'object' || Array.isArray(inputs)) {
    return 'the arguments are no JSON object; pass one such as {"amount":5}'
  }
  const known = Object.keys(serialized.inputs)
  const unknown = Object.keys(inputs).find((name) => !known.includes(name))
  if (unknown === undefined) return null
  const has = known.length === 0 ? 'it is called without any' : `it has ${known.join(', ')}`
  return `task "${taskId}" has no argument "${unknown}": ${has}`
}
