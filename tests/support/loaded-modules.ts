/** What a Node process loads: files of the project by their path, packages by their name. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const RECORDER = new URL('fixtures/record-imports.ts', import.meta.url)

export interface Loaded {
  readonly files: readonly string[]
  /** Without the package itself, when it is an installed one. */
  readonly packages: readonly string[]
  readonly stdout: string
  readonly stderr: string
}

/** `args` of node, run in `folder` to the end, however that is. */
export async function loadedBy(
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const own = mkdtempSync(join(tmpdir(), 'tradewind-imports-'))
  const list = join(own, 'loaded')
  try {
    const said = await new Promise<Pick<Loaded, 'stdout' | 'stderr'>>((resolve) => {
      const environment = { PATH: process.env.PATH ?? '', TRADEWIND_TEST_IMPORTS: list, ...env }
      const options = { cwd: folder, env: environment }
      execFile(process.execPath, ['--import', RECORDER.href, ...args], options, (_error, stdout, stderr) => {
        resolve({ stdout, stderr })
      })
    })
    const urls = readFileSync(list, 'utf8').split('\n')
    const files = urls
      .filter((url) => url.startsWith('file:') && url !== RECORDER.href)
      .map((url) => fileURLToPath(url))
    const packages = files.flatMap((file) => {
      const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]
      return name === undefined || name === 'tradewind' ? [] : [name]
    })
    return { files, packages: [...new Set(packages)].sort(), ...said }
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}
