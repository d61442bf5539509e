/**
 * The key file under the data folder, for those who give no key of their own: made once, 0600, one key per line, the
 * first is the current one. Invariant: a key once written is never lost by this code (rotation puts the new one on top).
 */
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateSecretKey } from './cipher.ts'

export interface KeyFile {
  readonly current: string
  readonly old: readonly string[]
}

/** Reads it, or makes it with a new key. @throws when others than its owner may read it. */
export async function openKeyFile(path: string): Promise<KeyFile> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (text !== null) {
      await checkMode(path)
      return parse(text, path)
    }
    await mkdir(dirname(path), { recursive: true })
    const draft = await writeDraft(path, [generateSecretKey()])
    // Linking fails where another program was quicker: its key is the one.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(draft, { force: true })
  }
}

/** Puts a new key on top and keeps the older ones; afterwards `rotateSecrets` re-encrypts. */
export async function addKey(path: string): Promise<KeyFile> {
  const { current, old } = await openKeyFile(path)
  const lines = [generateSecretKey(), current, ...old]
  await rename(await writeDraft(path, lines), path)
  return parse(lines.join('\n'), path)
}

/** On the disk before it gets its name: a key that has encrypted something must not be lost with the power. */
async function writeDraft(path: string, lines: readonly string[]): Promise<string> {
  const draft = `${path}.${randomUUID()}.new`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(`${lines.join('\n')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return draft
}

function parse(text: string, path: string): KeyFile {
  const [current, ...old] = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  if (current === undefined) {
    throw new Error(`The key file ${path} is empty. Put the key back from a backup; without it no secret can be read.`)
  }
  return { current, old }
}

async function checkMode(path: string): Promise<void> {
  const { mode } = await stat(path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Error(`The key file ${path} can be read by others (mode ${(mode & 0o777).toString(8)}). chmod 600 it.`)
  }
}
