/** `logs`: the log of a try; with `--follow` it goes on until the try, or with it the task instance, has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from '@commander-js/extra-typings'
import type { LogLine } from '../../core/ports/log-store.ts'
import { FINISHED_TI_STATES } from '../../core/states.ts'
import { oneOf, positive, wholeNumber } from '../argument-kinds.ts'
import { CommandFailure } from '../command-failure.ts'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import type { Output } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { safeColouredText } from '../terminal/safe-text.ts'

/** The program flushes a log every 200 ms; a new try or the end of one is seen within this. */
const LOOK_EVERY_MS = 250

interface Wanted {
  readonly dagId: string
  readonly taskId: string
  readonly runId: string | undefined
  readonly mapIndex: number
  readonly tryNumber: number | undefined
  readonly follow: boolean
}

export function completeLogs(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .argument('<dag>')
    .argument('<task>')
    .argument('[run]')
    .option('-f, --follow', 'go on until the task instance has ended')
    .option('--try <number>', 'which try', positive)
    .option('--map-index <number>', 'of a mapped task', wholeNumber, -1)
    .option('--level <level>', `only from this one on: ${LEVELS.join(', ')}`, oneOf(LEVELS), 'debug' as Level)
    .action(async (dagId, taskId, runId, options) => {
      const { output, program } = begin(context, options)
      const wanted = {
        dagId,
        taskId,
        runId,
        mapIndex: options.mapIndex,
        tryNumber: options.try,
        follow: options.follow === true,
      }
      await withPlatform(program, 'existing', (platform) =>
        printLog(platform, wanted, (line) => {
          if (rank(line.level) >= rank(options.level)) say(output, line)
        }),
      )
    })
}

async function printLog(platform: Platform, wanted: Wanted, print: (line: LogLine) => void): Promise<void> {
  const run = await platform.run(wanted.dagId, wanted.runId)
  let ti = await platform.taskInstance(run, wanted.taskId, wanted.mapIndex)
  let tryNumber = wanted.tryNumber ?? Math.max(1, ti.try_number)
  if (tryNumber > Math.max(1, ti.try_number)) {
    throw new CommandFailure(`${wanted.taskId} has had ${ti.try_number} tries; there is no try ${tryNumber} yet.`)
  }
  if (ti.try_number === 0 && !wanted.follow) {
    throw new CommandFailure(
      `${wanted.taskId} has not been tried in ${run.dag_run_id}: it is ${ti.state}.`,
      `Why: tradewind tasks why ${wanted.dagId} ${wanted.taskId}`,
    )
  }
  let position = 0
  for (;;) {
    // Looked at before reading: what a try wrote before it ended is then in the log.
    ti = await platform.taskInstance(run, wanted.taskId, wanted.mapIndex)
    const tryIsOver = ti.try_number > tryNumber || FINISHED_TI_STATES.has(ti.state) || ti.state === 'up_for_retry'
    const readOn = async () => {
      // A try that has not begun has no log.
      if (ti.try_number < tryNumber) return
      for (let at = position; ; at = position) {
        const read = await platform.log(run, ti, tryNumber, at)
        for (const line of read.lines) print(line)
        position = read.position
        if (position === at) return
      }
    }
    await readOn()
    if (!wanted.follow) return
    if (tryIsOver) {
      // The last lines may be written a moment after the result was committed.
      await sleep(LOOK_EVERY_MS)
      await readOn()
      const hasNext = ti.try_number > tryNumber
      if (wanted.tryNumber !== undefined || (!hasNext && FINISHED_TI_STATES.has(ti.state))) return
      if (hasNext) {
        tryNumber++
        position = 0
        continue
      }
    }
    await sleep(LOOK_EVERY_MS)
  }
}

const LEVELS = ['debug', 'info', 'warning', 'error'] as const
type Level = (typeof LEVELS)[number]

function rank(level: Level): number {
  return LEVELS.indexOf(level)
}

function say(output: Output, line: LogLine): void {
  output.line({ ...line, at: new Date(line.at).toISOString() }, () => {
    const mark = line.level === 'info' || line.level === 'debug' ? '' : `${line.level.toUpperCase()} `
    const source = line.source === 'tradewind' ? '[tradewind] ' : ''
    const fields = line.fields === undefined ? '' : ` ${JSON.stringify(line.fields)}`
    return `${new Date(line.at).toISOString()} ${mark}${source}${safeColouredText(line.text)}${fields}`
  })
}
