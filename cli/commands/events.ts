/**
 * `events`: the history, and with `--follow` what is added to it, by position: nothing is missed and nothing told twice.
 * `events count`: how many there are.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { COUNTED_BY } from '../../core/event-log/kinds.ts'
import { oneOf, positive } from '../argument-kinds.ts'
import { begin, type CommandContext, leaf, withCommonOptions } from '../leaf-command.ts'
import { type Output, table } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Event, EventFilter, Platform } from '../platform/platform.ts'
import { EventLines } from '../terminal/event-lines.ts'
import { filterOf, withEventFilter } from './event-filter.ts'
import { exportToFile } from './export-events.ts'

/** A look now and then, for hints that were lost; often while there are none. */
const LOOK_EVERY_MS = 30_000
const LOOK_WITHOUT_HINTS_MS = 1_000
const PAGE = 500

export function completeEvents(command: Command, context: CommandContext): void {
  // What stands behind `count` is an option of `count`.
  command.enablePositionalOptions()
  withEventFilter(withCommonOptions(command))
    .option('-n, --limit <number>', 'how many of the latest', positive, 50)
    .option('--after <position>', 'all after this event id, in place of the latest', position)
    .option('-f, --follow', 'go on with what is added')
    .option('--export <file>', 'all of them, oldest first, as JSON lines into a file')
    .action(async (options) => {
      const { output, program } = begin(context, options)
      await withPlatform(program, 'existing', async (platform) => {
        const filter = await filterOf(platform, options)
        if (options.export !== undefined) {
          const file = options.export
          const events = await exportToFile(platform, filter, file, options.after ?? 0)
          output.answer({ file, events }, () => `${events} events are in ${file}.`)
          return
        }
        const lines = linesFor(context)
        let at = options.after
        if (at === undefined) {
          at = await platform.lastEventId()
          const found = await latest(platform, filter, at, options.limit)
          lines.prepare(found)
          for (const event of found) say(output, lines, event)
        } else {
          at = await sayAll(platform, output, lines, filter, at)
        }
        if (options.follow === true) await follow(platform, output, lines, filter, at)
      })
    })
  withEventFilter(leaf(command, 'count', 'how many events there are'))
    .option('--by <field>', `in groups: ${COUNTED_BY.join(', ')}`, oneOf(COUNTED_BY))
    .action(async (options) => {
      const { output, program } = begin(context, options)
      await withPlatform(program, 'existing', async (platform) => {
        const { by } = options
        const groups = await platform.countEvents(await filterOf(platform, options), by)
        const total = groups.reduce((sum, { count }) => sum + count, 0)
        if (by === undefined) output.answer({ total }, () => String(total))
        else {
          const rows = groups.map(({ key, count }) => [key, count] as const)
          output.answer({ total, groups }, () => table([by, 'events'], [...rows, ['total', total]]))
        }
      })
    })
}

function linesFor({ streams }: CommandContext): EventLines {
  const { stdout } = streams
  return new EventLines('columns' in stdout && typeof stdout.columns === 'number' ? stdout.columns : undefined)
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
async function sayAll(
  platform: Platform,
  output: Output,
  lines: EventLines,
  filter: EventFilter,
  from: number,
): Promise<number> {
  // Read first: what is added meanwhile is left for the next look.
  const last = await platform.lastEventId()
  let at = from
  for (let after: number | null = from; after !== null && after < last; ) {
    const page = await platform.events({ ...filter, falling: false, after, limit: PAGE })
    lines.prepare(page.events)
    for (const event of page.events) {
      say(output, lines, event)
      at = event.id
    }
    after = page.next
    if (after !== null) at = Math.max(at, after)
  }
  return Math.max(at, last)
}

async function follow(
  platform: Platform,
  output: Output,
  lines: EventLines,
  filter: EventFilter,
  from: number,
): Promise<never> {
  let wake = () => {}
  let isHinted = false
  const hints = await platform.onEvents(() => {
    isHinted = true
    wake()
  })
  for (let at = from; ; ) {
    isHinted = false
    at = await sayAll(platform, output, lines, filter, at)
    if (isHinted) continue
    const stopWaiting = new AbortController()
    wake = () => stopWaiting.abort()
    const ms = hints.isLive() ? LOOK_EVERY_MS : LOOK_WITHOUT_HINTS_MS
    await sleep(ms, undefined, { signal: stopWaiting.signal }).catch(() => {})
  }
}

function say(output: Output, lines: EventLines, event: Event): void {
  output.line(event, () => lines.line(event))
}

function position(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('Give the id of an event, or 0 for all.')
}
