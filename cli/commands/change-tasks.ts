/** Clearing and marking task instances: the plan is shown, asked about, and then carried out. */
import type { ClearOptions, MarkOptions } from '../../core/records.ts'
import { FINISHED_RUN_STATES } from '../../core/states.ts'
import { type Consent, confirm } from '../confirm.ts'
import type { ProgramConfig } from '../load-config.ts'
import { type Output, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Change, Plan, Platform, Run } from '../platform/platform.ts'

export interface Target {
  readonly program: ProgramConfig
  readonly output: Output
  readonly dagId: string
  /** The latest one when left out. */
  readonly runId: string | undefined
}

export async function clearWithConsent(target: Target, consent: Consent, options: ClearOptions): Promise<void> {
  await change(target, consent, {
    plan: (platform, run) => platform.planClear(run, options),
    carryOut: (platform, run) => platform.clear(run, options),
    newState: 'none',
    question: 'Clear them?',
    done: (answer) => said('Cleared', null, answer),
  })
}

export async function markWithConsent(target: Target, consent: Consent, options: MarkOptions): Promise<void> {
  await change(target, consent, {
    plan: (platform, run) => platform.planMark(run, options),
    carryOut: (platform, run) => platform.mark(run, options),
    newState: options.state,
    question: `Mark them ${options.state}?`,
    done: (answer) => said('Marked', options.state, answer),
  })
}

interface Verb {
  plan(platform: Platform, run: Run): Promise<Plan>
  carryOut(platform: Platform, run: Run): Promise<Change>
  /** Of the task instances, afterwards. */
  readonly newState: string
  readonly question: string
  done(answer: Change): string
}

async function change({ program, output, dagId, runId }: Target, consent: Consent, verb: Verb): Promise<void> {
  await withPlatform(program, consent.dryRun === true ? 'existing' : 'running', async (platform) => {
    const run = await platform.run(dagId, runId)
    const plan = await verb.plan(platform, run)
    const base = { dag_id: run.dag_id, dag_run_id: run.dag_run_id, dry_run: consent.dryRun === true }
    const names = {
      task_ids: plan.task_instances.map((ti) => ti.task_id),
      cleared: plan.cleared.map((ti) => ti.task_id),
      ...(plan.undone.length === 0 ? {} : { undone: plan.undone }),
    }
    const isNothing = plan.task_instances.length + plan.cleared.length === 0
    if (consent.dryRun === true || isNothing) {
      output.answer({ ...base, ...names }, () => planText(run, plan, verb.newState))
      return
    }
    if (!(await confirm(output, consent, planText(run, plan, verb.newState), verb.question))) {
      output.answer({ ...base, task_ids: [], cleared: [] }, () => 'Nothing was changed.')
      return
    }
    const answer = await verb.carryOut(platform, run)
    output.answer({ ...base, ...answer }, () => verb.done(answer))
  })
}

function planText(run: Run, plan: Plan, newState: string): string {
  const title = `Run ${run.dag_run_id} of ${run.dag_id} (${run.state})`
  const undone = new Set(plan.undone)
  const rows = [
    ...plan.task_instances.map((ti) => {
      const again = undone.has(ti.task_id) ? 'to run again, since it was undone or is below what was' : 'to run again'
      return [ti.task_id, ti.state, newState === 'none' ? again : newState]
    }),
    ...plan.cleared.map((ti) => [ti.task_id, ti.state, 'to run again']),
  ]
  if (rows.length === 0) return `${title}: nothing to change.`
  const opens = (newState === 'none' || plan.cleared.length > 0) && FINISHED_RUN_STATES.has(run.state)
  const opened = opens ? '\nThe run, which has ended, runs again.' : ''
  return `${title}:\n${table(['task', 'is', 'becomes'], rows)}${opened}`
}

/** `Marked 2 task instances of r1 success: a, b.` */
function said(verb: string, state: string | null, { dag_id, dag_run_id, task_ids, cleared }: Change): string {
  const of = `of ${dag_id} ${dag_run_id}`
  const names = task_ids.length === 0 ? '' : `: ${task_ids.join(', ')}`
  const count = task_ids.length === 1 ? '1 task instance' : `${task_ids.length} task instances`
  const as = state === null ? '' : ` as ${state}`
  const more = cleared.length === 0 ? '' : ` Cleared below them: ${cleared.join(', ')}.`
  return `${verb} ${count} ${of}${as}${names}.${more}`
}
