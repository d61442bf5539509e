/**
 * One peer in a process of its own: warms it up, then measures one chain and one fan-out. Told what to do by the first
 * message over IPC, and answers with one.
 */
import { setTimeout as sleep } from 'node:timers/promises'

const LIMIT_MS = 60_000

process.once('message', async ({ peer, connection, sizes }) => {
  try {
    const { open } = await import(new URL(`./${peer}.js`, import.meta.url).href)
    const opened = await open(connection)
    const isWarm = (await measured(() => opened.chain(sizes.warmChain))) !== null
    if (!isWarm || (await measured(() => opened.fanOut(sizes.warmWidth))) === null) {
      throw new Error(
        `it did not end a chain of ${sizes.warmChain} or a fan-out of ${sizes.warmWidth} in ${LIMIT_MS} ms`,
      )
    }
    const chainMs = await measured(() => opened.chain(sizes.tasks))
    const fanOutMs = await measured(() => opened.fanOut(sizes.width))
    process.send({ chainMs, fanOutMs }, () => process.exit(0))
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) }, () => process.exit(1))
  }
})

/** Milliseconds, or `null` when it did not come to its end in time. */
async function measured(work) {
  const started = performance.now()
  const late = sleep(LIMIT_MS, 'late', { ref: false })
  const won = await Promise.race([work(), late])
  return won === 'late' ? null : performance.now() - started
}
