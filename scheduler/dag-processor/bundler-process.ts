/**
 * The process of esbuild: one for the whole program, started by esbuild with the first build after it was ended. Invariant:
 * it is never ended while something is being built, for that build would never answer.
 */
import { stop } from 'esbuild'

let building = 0

export async function whileBuilding<T>(build: () => Promise<T>): Promise<T> {
  building += 1
  try {
    return await build()
  } finally {
    building -= 1
  }
}

/** Unless it is in use. */
export async function endBundlerProcess(): Promise<void> {
  if (building === 0) await stop()
}
