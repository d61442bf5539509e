/**
 * `standalone` and `scheduler`: starts the program, shows what goes on, and ends it when asked to. Standard output
 * holds the address on a line of its own and log lines; on a terminal the panel is drawn there.
 */
import { boundYoungGeneration } from './bound-young-generation.ts'
import { collectWhenIdle } from './collect-when-idle.ts'
import { CommandFailure, EXIT_FAILED, EXIT_OK, failureText } from './command-failure.ts'
import { startProgram } from './compose.ts'
import { refuseRemote } from './database-access.ts'
import type { ProgramConfig } from './load-config.ts'
import type { Streams } from './output.ts'
import { shedSecrets } from './secret-handover.ts'
import { awaitStopSignal } from './stop-signals.ts'
import { createLivePanel, type View } from './terminal/live-panel.ts'
import { createPlainLog } from './terminal/plain-log.ts'
import { safeColouredText } from './terminal/safe-text.ts'

export interface RunOptions {
  readonly withWebServer: boolean
  readonly json: boolean
}

const REFRESH_MS = 500

/** Resolves with the exit code when the program has stopped. */
export async function runProgram(program: ProgramConfig, streams: Streams, options: RunOptions): Promise<number> {
  refuseRemote(program, 'The program runs on this machine')
  await shedSecrets()
  boundYoungGeneration()
  collectWhenIdle()
  let head = 'Tradewind is starting'
  const view = createView(streams, options, () => head)
  const log = (line: string) => view.log(options.json ? jsonLine(line) : stamped(safeColouredText(line)))
  const stopSignal = awaitStopSignal(() => {
    view.close()
    process.exit(130)
  })
  const state = { ended: false }
  try {
    const starting = startProgram(program, { withWebServer: options.withWebServer, log })
    const started = await Promise.race([starting, stopSignal.requested.then(() => null)])
    if (started === null) {
      log('Stopping before everything has started')
      await starting.then(
        (running) => running.stop(0),
        () => undefined,
      )
      return EXIT_OK
    }
    head = started.address === null ? 'Tradewind' : `Tradewind at ${started.address}`
    if (started.address !== null) view.log(options.json ? jsonLine('ready', started.address) : started.address)
    else log('Ready')
    const timer = setInterval(() => {
      if (!state.ended) view.show(started.activity())
    }, REFRESH_MS)
    const ending = await Promise.race([
      stopSignal.requested.then(({ signal }) => ({ signal, reason: null })),
      started.broken.then((reason) => ({ signal: null, reason })),
    ])
    state.ended = true
    clearInterval(timer)
    if (ending.reason !== null) log(ending.reason)
    const grace = program.config['shutdown.grace']
    if (ending.signal !== null) {
      log(stoppingText(grace, program.config['executor.kill_grace']))
    }
    await started.stop(ending.reason === null ? grace : 0)
    log('Stopped')
    if (ending.reason !== null) throw new CommandFailure(ending.reason, 'Start it again: nothing committed is lost.')
    return EXIT_OK
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(failureText(error), null, EXIT_FAILED)
  } finally {
    view.close()
    stopSignal.release()
  }
}

/** What a stop takes at most, in both of its parts. */
function stoppingText(graceMs: number, killGraceMs: number): string {
  const seconds = (ms: number) => `${Number((ms / 1_000).toFixed(1))} s`
  return (
    `Stopping: running tries have ${seconds(graceMs)} to end, and ${seconds(killGraceMs)} more once they are cancelled; ` +
    'they are repeated by whoever leads next. Press Ctrl-C again to stop at once'
  )
}

function createView(streams: Streams, options: RunOptions, head: () => string): View {
  const { stdout } = streams
  const now = () => Date.now()
  if (!options.json && stdout instanceof Object && 'isTTY' in stdout && stdout.isTTY === true) {
    return createLivePanel(stdout, head, now)
  }
  const plain = createPlainLog((line) => stdout.write(`${line}\n`), now)
  return options.json ? { ...plain, show: () => {} } : plain
}

function stamped(line: string): string {
  return `${new Date().toISOString()} ${line}`
}

function jsonLine(text: string, address?: string): string {
  return JSON.stringify({ at: new Date().toISOString(), text, ...(address === undefined ? {} : { address }) })
}
