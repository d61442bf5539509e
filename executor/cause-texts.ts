/**
 * Causes of death in words: the value, the cause and the remedy, one place for all of them.
 */
import type { CauseOfDeath } from '../core/cause-of-death.ts'
import { CHILD_LEASE_MS } from '../core/ports/child-protocol.ts'

const MAX_MESSAGE = 4_000
const MAX_STACK = 16_000

export function timeoutCause(limitMs: number): CauseOfDeath {
  const limit = durationText(limitMs)
  return {
    kind: 'timeout',
    message:
      `The try ran longer than its timeout of ${limit} and was ended. Only running time counts, never waiting or queueing. ` +
      'If it should not take that long, look for a loop that never ends or a call that never answers. ' +
      "For longer work raise it: timeout: '5 min' in the options of the task, or in defaultArgs of the Dag for all its tasks.",
  }
}

export function loadTimeoutCause(limitMs: number): CauseOfDeath {
  return {
    kind: 'timeout',
    message:
      `Loading the Dag file took longer than ${durationText(limitMs)}: its top-level code did not finish. ` +
      'Move slow work from the top level of the file into the handler of a task.',
  }
}

export function cancelledCause(by: string): CauseOfDeath {
  return { kind: 'cancelled', by, message: `Cancelled by ${by}.` }
}

export function memoryCause(usedBytes: number, limitMb: number): CauseOfDeath {
  const used = Math.ceil(usedBytes / 1024 / 1024)
  return {
    kind: 'out-of-memory',
    message:
      `The processes of the try used ${used} MiB, past the memory limit of ${limitMb} MiB, and were ended. ` +
      `Use less at once (streams, smaller batches), or raise it: memoryLimitMb: ${nextLimit(limitMb)} in the options of the task.`,
  }
}

export function heapCause(limitMb: number, ended: { exitCode?: number; signal?: string }): CauseOfDeath {
  return {
    kind: 'out-of-memory',
    ...ended,
    message:
      `The JavaScript heap reached the memory limit of ${limitMb} MiB and Node.js gave up. ` +
      `Use less at once (streams, smaller batches), or raise it: memoryLimitMb: ${nextLimit(limitMb)} in the options of the task.`,
  }
}

export function heartbeatCause(silentMs: number): CauseOfDeath {
  return {
    kind: 'heartbeat',
    message:
      `The child gave no sign of life for ${durationText(silentMs)} and was ended: it was stopped (SIGSTOP), or the machine ` +
      'had no time for it. A busy event loop alone is not the reason: the heartbeat has a thread of its own.',
  }
}

export function hostLostCause(): CauseOfDeath {
  return {
    kind: 'host-lost',
    message:
      `The program that ran the try was stopped or had no time for more than ${durationText(CHILD_LEASE_MS)}, so the try's ` +
      'processes ended themselves: another scheduler may repeat it by now. The try is repeated and uses up no retry.',
  }
}

export function exitCause(exitCode: number, askedFor: boolean): CauseOfDeath {
  return {
    kind: 'exit',
    exitCode,
    message: askedFor
      ? `The task called process.exit(${exitCode}) and took its process down. Return from the handler, or throw an error.`
      : `The child process exited with code ${exitCode} while the task ran, without process.exit: native code, or an error ` +
        'in Node.js itself. The last lines of the log may tell more.',
  }
}

export function signalCause(signal: string): CauseOfDeath {
  const hints: Readonly<Record<string, string>> = {
    SIGKILL:
      "Nobody here sent it. Most often that is the kernel's out-of-memory killer: look into the kernel log (dmesg), lower " +
      'the memory of the task or the number of slots.',
    SIGSEGV: 'Native code crashed: look at the native packages this Dag uses.',
    SIGBUS:
      'Native code crashed: look at the native packages this Dag uses, and at free space for memory-mapped files.',
    SIGILL: 'Native code asked for an instruction this processor lacks.',
    SIGABRT: 'Native code or Node.js aborted: the last lines of the log may tell more.',
  }
  const hint = hints[signal] ?? 'It was not sent by this program.'
  return { kind: 'signal', signal, message: `The child process was ended by ${signal} while the task ran. ${hint}` }
}

export function badNeighbourCause(how: string): CauseOfDeath {
  return {
    kind: 'bad-neighbour',
    message:
      `An earlier try in the same child process took it down: ${how}. This try is repeated and uses up no retry. ` +
      "Give the guilty task isolation: 'process' until it cleans up after itself; its log names it.",
  }
}

export function notStartedCause(why: string): CauseOfDeath {
  return { kind: 'not-started', message: `The try did not start: ${why}` }
}

/** As the port asks: masked, no NUL, well-formed, bounded. */
export function tidyCause(cause: CauseOfDeath, mask: (text: string) => string): CauseOfDeath {
  const tidy = (text: string, limit: number) => {
    const clean = mask(text).replaceAll('\0', '\\x00').toWellFormed()
    return clean.length <= limit ? clean : `${clean.slice(0, limit - 16).toWellFormed()}... (shortened)`.slice(0, limit)
  }
  const message = tidy(cause.message, MAX_MESSAGE)
  return cause.stack === undefined ? { ...cause, message } : { ...cause, message, stack: tidy(cause.stack, MAX_STACK) }
}

export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`
  return `${Number((ms / 3_600_000).toFixed(1))} hours`
}

function nextLimit(limitMb: number): number {
  return Math.max(512, 2 ** Math.ceil(Math.log2(limitMb + 1)))
}
