/** `events`: the history, and with `--follow` what is added to it, by position: nothing is missed and nothing told twice. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { positive } from '../argument-kinds.ts'
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import type { Output } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Event, EventFilter, Platform } from '../platform/platform.ts'
import { safeText } from '../terminal/safe-text.ts'

/** A look now and then, for hints that were lost. */
const LOOK_EVERY_MS = 1_000
const PAGE = 500

export function completeEvents(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .option('--dag <dag>', 'only of this Dag')
    .option('--run <run>', 'only of this run; with --dag')
    .option('--kind <kind>', 'such as ti.failed, or "run." for all of runs; may be repeated', several, [])
    .option('-n, --limit <number>', 'how many of the latest', positive, 50)
    .option('--after <position>', 'all after this event id, in place of the latest', position)
    .option('-f, --follow', 'go on with what is added')
    .action(async (options) => {
      const { output, program } = begin(context, options)
      const { dag, run } = options
      if (run !== undefined && dag === undefined) {
        throw new CommandFailure('--run names a run of a Dag.', 'Add --dag.', EXIT_USAGE)
      }
      await withPlatform(program, 'existing', async (platform) => {
        const filter: EventFilter = {
          kinds: options.kind,
          ...(dag === undefined ? {} : { dagId: dag }),
          ...(dag === undefined || run === undefined ? {} : { run: await platform.run(dag, run) }),
        }
        let at = options.after
        if (at === undefined) {
          at = await platform.lastEventId()
          for (const event of await latest(platform, filter, at, options.limit)) say(output, event)
        } else {
          at = await sayAll(platform, output, filter, at)
        }
        if (options.follow === true) await follow(platform, output, filter, at)
      })
    })
}

/** The newest ones up to a position, oldest first. */
async function latest(platform: Platform, filter: EventFilter, upTo: number, limit: number): Promise<Event[]> {
  const found: Event[] = []
  for (let after: number | null = upTo + 1; after !== null && found.length < limit; ) {
    const page = await platform.events({ ...filter, falling: true, after, limit: Math.min(PAGE, limit - found.length) })
    found.push(...page.events)
    after = page.next
  }
  return found.reverse()
}

/** Everything after a position; gives the new one. */
async function sayAll(platform: Platform, output: Output, filter: EventFilter, from: number): Promise<number> {
  // Read first: what is added meanwhile is left for the next look.
  const last = await platform.lastEventId()
  let at = from
  for (let after: number | null = from; after !== null && after < last; ) {
    const page = await platform.events({ ...filter, falling: false, after, limit: PAGE })
    for (const event of page.events) {
      say(output, event)
      at = event.id
    }
    after = page.next
    if (after !== null) at = Math.max(at, after)
  }
  return Math.max(at, last)
}

async function follow(platform: Platform, output: Output, filter: EventFilter, from: number): Promise<never> {
  let wake = () => {}
  let isHinted = false
  await platform.onEvents(() => {
    isHinted = true
    wake()
  })
  for (let at = from; ; ) {
    isHinted = false
    at = await sayAll(platform, output, filter, at)
    if (isHinted) continue
    const stopWaiting = new AbortController()
    wake = () => stopWaiting.abort()
    await sleep(LOOK_EVERY_MS, undefined, { signal: stopWaiting.signal }).catch(() => {})
  }
}

function say(output: Output, event: Event): void {
  output.line(event, () => {
    const { dag_id, dag_run_id, task_id, try_number, cause } = event
    const task = task_id === null ? '' : `.${task_id}`
    const about = dag_id === null ? '' : ` ${dag_id}${task}`
    const run = dag_run_id === null ? '' : ` ${dag_run_id}`
    const tried = try_number === null || try_number < 2 ? '' : ` (try ${try_number})`
    const because = cause === null ? '' : `: ${cause}`
    const line = `${event.at} ${event.kind}${about}${run}${tried} by ${event.actor}${because}`
    return safeText(line).replaceAll('\n', ' ')
  })
}

function several(text: string, before: readonly string[]): readonly string[] {
  if (!/^[a-z]+(-[a-z]+)*\.[a-z_]*$/.test(text)) {
    throw new InvalidArgumentError('Give a kind such as ti.failed, or its first part with a dot, such as "run.".')
  }
  return [...before, text]
}

function position(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('Give the id of an event, or 0 for all.')
}
