/** Why a child that nobody here ended is gone, told from its exit and from its last words. */
import type { CauseOfDeath } from '../core/cause-of-death.ts'
import type { ChildCapture } from './capture-child.ts'
import { badNeighbourCause, exitCause, heapCause, signalCause } from './cause-texts.ts'

export interface ExitFacts {
  code: number | null
  signal: string | null
  /** The try that called `process.exit`, by its number in the child. */
  exitCallSeq: number | null
  exitCallCode: number | null
  heapExhausted: boolean
  /** Its heartbeat thread ended it because this host gave no answer. */
  leaseLost: boolean
}

/** What a shell or Node.js itself makes of SIGABRT. */
const ABORT_CODE = 134

export function causeOfExit(exit: ExitFacts, seq: number, memoryLimitMb: number, capture: ChildCapture): CauseOfDeath {
  const { code, signal } = exit
  if (exit.heapExhausted && (signal === 'SIGABRT' || code === ABORT_CODE)) {
    const ended = { ...(code === null ? {} : { exitCode: code }), ...(signal === null ? {} : { signal }) }
    return heapCause(memoryLimitMb, ended)
  }
  if (exit.exitCallSeq !== null && exit.exitCallSeq !== seq) {
    const text = `This try called process.exit(${exit.exitCallCode}) after it had ended and took another try down with it.`
    capture.platformLine(exit.exitCallSeq, 'error', text)
    return badNeighbourCause(`something it left running called process.exit(${exit.exitCallCode})`)
  }
  if (signal !== null) return signalCause(signal)
  return exitCause(code ?? 0, exit.exitCallSeq === seq)
}
