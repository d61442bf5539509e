/** `logs`: the log of a try; with `--follow` it goes on until the try, or with it the task instance, has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import type { LogLine, LogStore } from '../../core/ports/log-store.ts'
import { FINISHED_TI_STATES } from '../../core/states.ts'
import { createFileLogStore } from '../../executor/file-log-store.ts'
import { CommandFailure } from '../command-failure.ts'
import { dataFolder } from '../data-folder.ts'
import { type Pool, withDatabase } from '../database-access.ts'
import { findRun, findTi } from '../find-ti.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import type { Output } from '../output.ts'
import { safeColouredText } from '../terminal/safe-text.ts'
import { positive } from './dags.ts'
import { wholeNumber } from './runs.ts'

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

export function addLogsCommand(parent: Command, context: CommandContext): void {
  leaf(parent, 'logs', 'the log of a try: the last one of the latest run unless named')
    .argument('<dag>')
    .argument('<task>')
    .argument('[run]')
    .option('-f, --follow', 'go on until the task instance has ended')
    .option('--try <number>', 'which try', positive)
    .option('--map-index <number>', 'of a mapped task', wholeNumber, -1)
    .option('--level <level>', `only from this one on: ${LEVELS.join(', ')}`, logLevel, 'debug')
    .action(async (dagId, taskId, runId, options) => {
      const { output, program } = begin(context, options)
      const logs = createFileLogStore({ logsDir: dataFolder(program.dataFolder).logs })
      const wanted = {
        dagId,
        taskId,
        runId,
        mapIndex: options.mapIndex,
        tryNumber: options.try,
        follow: options.follow === true,
      }
      try {
        await withDatabase(program, { need: 'existing' }, (pool) =>
          printLog(pool, logs, wanted, (line) => {
            if (rank(line.level) >= rank(options.level)) say(output, line)
          }),
        )
      } finally {
        await logs.close()
      }
    })
}

async function printLog(pool: Pool, logs: LogStore, wanted: Wanted, print: (line: LogLine) => void): Promise<void> {
  const run = await findRun(pool, wanted.dagId, wanted.runId)
  let ti = await findTi(pool, run, wanted.taskId, wanted.mapIndex)
  let tryNumber = wanted.tryNumber ?? Math.max(1, ti.tryNumber)
  if (tryNumber > Math.max(1, ti.tryNumber)) {
    throw new CommandFailure(`${wanted.taskId} has had ${ti.tryNumber} tries; there is no try ${tryNumber} yet.`)
  }
  if (ti.tryNumber === 0 && !wanted.follow) {
    throw new CommandFailure(
      `${wanted.taskId} has not been tried in ${run.runId}: it is ${ti.state}.`,
      `Why: tradewind tasks why ${wanted.dagId} ${wanted.taskId}`,
    )
  }
  let fromByte = 0
  for (;;) {
    // Looked at before reading: what a try wrote before it ended is then in the log.
    ti = await findTi(pool, run, wanted.taskId, wanted.mapIndex)
    const tryIsOver = ti.tryNumber > tryNumber || FINISHED_TI_STATES.has(ti.state) || ti.state === 'up_for_retry'
    const address = {
      tiId: ti.id,
      tryNumber,
      dagId: wanted.dagId,
      runId: run.runId,
      taskId: wanted.taskId,
      mapIndex: wanted.mapIndex,
    }
    fromByte = await readOn(logs, address, fromByte, print)
    if (!wanted.follow) return
    if (tryIsOver) {
      // The last lines may be written a moment after the result was committed.
      await sleep(LOOK_EVERY_MS)
      fromByte = await readOn(logs, address, fromByte, print)
      const hasNext = ti.tryNumber > tryNumber
      if (wanted.tryNumber !== undefined || (!hasNext && FINISHED_TI_STATES.has(ti.state))) return
      if (hasNext) {
        tryNumber++
        fromByte = 0
        continue
      }
    }
    await sleep(LOOK_EVERY_MS)
  }
}

async function readOn(
  logs: LogStore,
  address: Parameters<LogStore['read']>[0],
  fromByte: number,
  print: (line: LogLine) => void,
): Promise<number> {
  for (let at = fromByte; ; ) {
    const { lines, nextByte } = await logs.read(address, at)
    for (const line of lines) print(line)
    if (nextByte === at) return at
    at = nextByte
  }
}

const LEVELS = ['debug', 'info', 'warning', 'error'] as const
type Level = (typeof LEVELS)[number]

function rank(level: Level): number {
  return LEVELS.indexOf(level)
}

function logLevel(text: string): Level {
  const found = LEVELS.find((level) => level === text)
  if (found === undefined) throw new InvalidArgumentError(`Give one of ${LEVELS.join(', ')}.`)
  return found
}

function say(output: Output, line: LogLine): void {
  output.line({ ...line, at: new Date(line.at).toISOString() }, () => {
    const mark = line.level === 'info' || line.level === 'debug' ? '' : `${line.level.toUpperCase()} `
    const source = line.source === 'tradewind' ? '[tradewind] ' : ''
    const fields = line.fields === undefined ? '' : ` ${JSON.stringify(line.fields)}`
    return `${new Date(line.at).toISOString()} ${mark}${source}${safeColouredText(line.text)}${fields}`
  })
}
