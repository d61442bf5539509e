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

export async function withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const folder = await BenchFolder.make()
  try {
    for (const [name, text] of Object.entries(options.files ?? {})) await folder.put(name, text)
    const program = await folder.start(options)
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
    await folder.remove()
  }
}
