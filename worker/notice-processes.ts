/**
 * Notices that user code starts a process, by whatever function of `node:child_process`. Only then does the host have to
 * look for processes left behind, which costs a walk over /proc. Processes started by native code or in a worker thread
 * are not noticed here; the host finds them when it ends the child.
 */
import { ChildProcess } from 'node:child_process'
import { createRequire, syncBuiltinESMExports } from 'node:module'

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown

export function noticeProcesses(notice: () => void): void {
  wrap(ChildProcess.prototype as unknown as Record<string, AnyFunction>, 'spawn', notice)
  // A shell run synchronously may leave something in the background.
  const module = createRequire(import.meta.url)('node:child_process') as Record<string, AnyFunction>
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) wrap(module, name, notice)
  syncBuiltinESMExports()
}

function wrap(target: Record<string, AnyFunction>, name: string, notice: () => void): void {
  const original = target[name]
  if (original === undefined) return
  target[name] = function (this: unknown, ...args: unknown[]) {
    notice()
    return Reflect.apply(original, this, args)
  }
}
