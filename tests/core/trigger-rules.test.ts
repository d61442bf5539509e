/**
 * Every trigger rule over all small counts, against the table of airflow-behaviour 2.1 restated as final outcomes; and the
 * promise that arrival order never matters.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TRIGGER_RULES, type TriggerRule } from '../../core/serialized-dag.ts'
import { evaluateTriggerRule, type RuleVerdict, type UpstreamCounts } from '../../core/trigger-rules.ts'

type Final = 'success' | 'failed' | 'skipped' | 'upstream_failed' | 'removed'
const FINALS: readonly Final[] = ['success', 'failed', 'skipped', 'upstream_failed', 'removed']

function countsOf(states: readonly Final[], total: number): UpstreamCounts {
  const of = (state: Final) => states.filter((s) => s === state).length
  return {
    success: of('success'),
    failed: of('failed'),
    skipped: of('skipped'),
    upstreamFailed: of('upstream_failed'),
    removed: of('removed'),
    total,
  }
}

/** The outcome once all upstreams are done: S, F, K, U of N that were not removed, N > 0. */
const OUTCOME: Readonly<Record<TriggerRule, (s: number, f: number, k: number, u: number, n: number) => RuleVerdict>> = {
  all_success: (s, f, _k, u, n) => (s === n ? 'run' : f + u > 0 ? 'upstream_failed' : 'skipped'),
  all_failed: (_s, f, _k, u, n) => (f + u === n ? 'run' : 'skipped'),
  all_done: () => 'run',
  all_skipped: (_s, _f, k, _u, n) => (k === n ? 'run' : 'skipped'),
  one_success: (s, _f, k, _u, n) => (s >= 1 ? 'run' : k === n ? 'skipped' : 'upstream_failed'),
  one_failed: (_s, f, _k, u) => (f + u >= 1 ? 'run' : 'skipped'),
  one_done: (s, f) => (s + f >= 1 ? 'run' : 'skipped'),
  none_failed: (_s, f, _k, u) => (f + u > 0 ? 'upstream_failed' : 'run'),
  none_failed_min_one_success: (_s, f, k, u, n) => (f + u > 0 ? 'upstream_failed' : k === n ? 'skipped' : 'run'),
  none_skipped: (_s, _f, k) => (k > 0 ? 'skipped' : 'run'),
  all_done_min_one_success: (s, _f, k) => (k > 0 ? 'skipped' : s >= 1 ? 'run' : 'upstream_failed'),
  always: () => 'run',
}

/** All multisets of at most `most` final states. */
function multisets(most: number): Final[][] {
  let level: Final[][] = [[]]
  const all: Final[][] = [[]]
  for (let size = 1; size <= most; size++) {
    level = level.flatMap((states) =>
      FINALS.filter((f) => states.length === 0 || FINALS.indexOf(f) >= FINALS.indexOf(states.at(-1)!)).map((f) => [
        ...states,
        f,
      ]),
    )
    all.push(...level)
  }
  return all
}

describe.each(TRIGGER_RULES)('%s', (rule) => {
  test('outcome of all counts of up to five finished upstreams', () => {
    for (const states of multisets(5)) {
      const c = countsOf(states, states.length)
      const n = c.total - c.removed
      const expected = n === 0 ? 'run' : OUTCOME[rule](c.success, c.failed, c.skipped, c.upstreamFailed, n)
      expect(evaluateTriggerRule(rule, c), states.join()).toBe(expected)
    }
  })

  test('an answer with upstreams unfinished is the one given however they end', () => {
    for (const states of multisets(3)) {
      for (let open = 1; open <= 2; open++) {
        const early = evaluateTriggerRule(rule, countsOf(states, states.length + open))
        const outcomes = new Set(
          multisets(open)
            .filter((rest) => rest.length === open)
            // A removal takes the constraint away, so that only real results count as "however they end".
            .filter((rest) => !rest.includes('removed'))
            .map((rest) => evaluateTriggerRule(rule, countsOf([...states, ...rest], states.length + open))),
        )
        if (early !== 'wait') expect([...outcomes], `${states.join()} +${open}`).toEqual([early])
        else expect(outcomes.has('wait')).toBe(false)
      }
    }
  })

  test('the order in which results arrive does not change the answer', () => {
    const finals = fc.constantFrom<Final>('success', 'failed', 'skipped', 'upstream_failed')
    const orders = fc
      .array(finals, { minLength: 1, maxLength: 8 })
      .chain((states) => fc.tuple(fc.constant(states), fc.shuffledSubarray(states, { minLength: states.length })))
    const firstAnswer = (states: readonly Final[]): RuleVerdict => {
      for (let seen = 0; seen <= states.length; seen++) {
        const verdict = evaluateTriggerRule(rule, countsOf(states.slice(0, seen), states.length))
        if (verdict !== 'wait') return verdict
      }
      return 'wait'
    }
    fc.assert(
      fc.property(orders, ([one, other]) => {
        const answer = firstAnswer(one)
        expect(answer).not.toBe('wait')
        expect(firstAnswer(other)).toBe(answer)
      }),
    )
  })
})

test('what starts early, and what is settled early', () => {
  const open = (states: readonly Final[]) => countsOf(states, states.length + 1)
  const early: readonly (readonly [TriggerRule, Final, RuleVerdict])[] = [
    ['one_success', 'success', 'run'],
    ['one_failed', 'upstream_failed', 'run'],
    ['one_done', 'failed', 'run'],
    ['one_done', 'skipped', 'wait'],
    ['all_success', 'failed', 'upstream_failed'],
    ['all_success', 'skipped', 'wait'],
    ['none_failed', 'failed', 'upstream_failed'],
    ['none_skipped', 'skipped', 'skipped'],
    ['all_failed', 'success', 'skipped'],
    ['all_skipped', 'failed', 'skipped'],
    ['all_done', 'failed', 'wait'],
  ]
  for (const [rule, state, verdict] of early) expect(evaluateTriggerRule(rule, open([state])), rule).toBe(verdict)
})

test('no upstream at all: every rule runs', () => {
  for (const rule of TRIGGER_RULES) expect(evaluateTriggerRule(rule, countsOf([], 0))).toBe('run')
})
