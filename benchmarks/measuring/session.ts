/** One program, one client, for the length of one benchmark; durability is asked for before and after. */
import { BenchFolder, type RunningProgram, type StartOptions } from './bench-folder.ts'
import { Client } from './client.ts'
import { requireDurable } from './durability.ts'

export interface Session {
  readonly folder: BenchFolder
  readonly program: RunningProgram
  readonly client: Client
}

export interface SessionOptions extends StartOptions {
  /** Dag files that lie there when the program starts: path to text. */
  readonly files?: Readonly<Record<string, string>>
}

/** In a new folder, which is removed at the end. */
export async function withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    for (const [name, text] of Object.entries(options.files ?? {})) await folder.put(name, text)
    return withProgram(folder, options, work)
  })
}

export async function withFolder<T>(work: (folder: BenchFolder) => Promise<T>): Promise<T> {
  const folder = await BenchFolder.make()
  try {
    return await work(folder)
  } finally {
    await folder.remove()
  }
}

/** In a folder that stays. */
export async function withProgram<T>(
  folder: BenchFolder,
  options: StartOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const program = await folder.start(options)
  try {
    const client = await Client.open(folder, program)
    try {
      await requireDurable(client.db)
      const result = await work({ folder, program, client })
      await requireDurable(client.db)
      return result
    } finally {
      await client.close()
    }
  } finally {
    await program.stop()
  }
}
