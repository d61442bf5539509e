/**
 * Builds the page into `dist/ui`, unless what is there was built from the very same sources: `npm start` calls this each
 * time and must not wait. Run by Node itself: `node webserver/ui/build-page.ts`.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STAMP = join(ROOT, 'dist/ui/.built-from')
const CONFIG = join(ROOT, 'webserver/ui/vite.config.ts')

function hashSources(): string {
  const hash = createHash('sha256')
  const sources = globSync('webserver/ui/**/*', { cwd: ROOT }).filter((path) => statSync(join(ROOT, path)).isFile())
  for (const path of [...sources, 'package-lock.json'].toSorted()) {
    if (existsSync(join(ROOT, path)))
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(ROOT, path)))
        .update('\0')
  }
  return hash.digest('hex')
}

const wanted = hashSources()
const built = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : null
if (built !== wanted) {
  const { build } = await import('vite')
  await build({ configFile: CONFIG, logLevel: 'warn' })
  writeFileSync(STAMP, wanted)
}
