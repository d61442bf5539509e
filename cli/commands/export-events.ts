/** The history as JSON lines in a file, oldest first. Memory holds one page; the file is there when it is whole. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { CommandFailure } from '../command-failure.ts'
import type { EventFilter, Platform } from '../platform/platform.ts'

const PAGE = 1_000

/** Up to the event that is the last one now. Returns how many there are. */
export async function exportToFile(
  platform: Platform,
  filter: EventFilter,
  file: string,
  from: number,
): Promise<number> {
  const unfinished = `${file}.part`
  const stream = createWriteStream(unfinished)
  const failed = once(stream, 'open').catch((error: unknown) => {
    throw new CommandFailure(`${file} cannot be written: ${error instanceof Error ? error.message : error}`)
  })
  await failed
  try {
    let count = 0
    const last = await platform.lastEventId()
    for (let after: number | null = from; after !== null && after < last; ) {
      const page = await platform.events({ ...filter, falling: false, after, limit: PAGE })
      for (const event of page.events) {
        if (event.id > last) continue
        count++
        if (!stream.write(`${JSON.stringify(event)}\n`)) await once(stream, 'drain')
      }
      after = page.next
    }
    stream.end()
    await finished(stream)
    await rename(unfinished, file)
    return count
  } catch (error) {
    stream.destroy()
    await rm(unfinished, { force: true })
    throw error
  }
}
