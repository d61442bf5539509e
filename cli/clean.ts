/** Retention: database and logs together, for `db clean` and for the daily run inside the program. */
import type { Config } from '../core/config/schema.ts'
import { type Cleaned, cleanDatabase } from '../database/retention/clean.ts'
import { cleanLogs } from '../executor/clean-logs.ts'
import type { Pool } from './database-access.ts'

export interface CleanRequest {
  readonly pool: Pool
  readonly logsDir: string
  readonly config: Config
  /** For all of them, in place of the configuration. */
  readonly keepMs: number | null
  readonly dryRun: boolean
  readonly now: number
  readonly isCancelled?: () => boolean
}

export interface CleanedLine {
  readonly what: string
  readonly count: number
  /** What the whole of it takes, before. */
  readonly bytes: number
}

/** `null`: another cleaning is under way. */
export async function clean(request: CleanRequest): Promise<readonly CleanedLine[] | null> {
  const { pool, logsDir, config, keepMs, ...options } = request
  const limits = {
    runs: keepMs ?? config['retention.runs'],
    xcoms: keepMs ?? config['retention.xcoms'],
    deadLetters: keepMs ?? config['retention.dead_letters'],
    bundles: keepMs ?? config['retention.bundles'],
    events: keepMs ?? config['retention.events'],
  }
  const tables: readonly Cleaned[] | null = await cleanDatabase(pool, { limits, ...options })
  if (tables === null) return null
  const logs = await cleanLogs(logsDir, options.now - (keepMs ?? config['retention.logs']), options)
  return [
    ...tables.map(({ what, rows, tableBytes }) => ({ what, count: rows, bytes: tableBytes })),
    { what: 'logs', count: logs.files, bytes: logs.totalBytes },
  ]
}

const DAY_MS = 24 * 60 * 60 * 1_000
/** Not in the first minutes, when there is enough to do. */
const FIRST_AFTER_MS = 15 * 60 * 1_000

/** Every day; what it returns ends it. */
export function cleanDaily(
  parts: Pick<CleanRequest, 'pool' | 'logsDir' | 'config'> & { readonly log: (line: string) => void },
): () => Promise<void> {
  const { log, ...rest } = parts
  let isStopped = false
  let timer: NodeJS.Timeout | null = null
  let current = Promise.resolve()
  const run = async () => {
    try {
      const now = Date.now()
      const lines = await clean({ ...rest, keepMs: null, dryRun: false, now, isCancelled: () => isStopped })
      const gone = (lines ?? []).filter((line) => line.count > 0).map((line) => `${line.count} ${line.what}`)
      if (gone.length > 0) log(`Retention: deleted ${gone.join(', ')}`)
    } catch (error) {
      log(`Retention: ${error instanceof Error ? error.message : String(error)}; tried again tomorrow`)
    }
    later(DAY_MS)
  }
  const later = (ms: number) => {
    if (isStopped) return
    timer = setTimeout(() => {
      current = run()
    }, ms)
    timer.unref()
  }
  later(FIRST_AFTER_MS)
  return async () => {
    isStopped = true
    if (timer !== null) clearTimeout(timer)
    await current
  }
}
