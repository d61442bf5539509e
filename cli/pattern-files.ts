/** The patterns that come with the package, in `dags/patterns/`: which there are, and the files of one. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { didYouMean } from '../core/config/nearest-name.ts'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'
import { PACKAGE_ROOT } from './package-root.ts'

const FOLDER = join(PACKAGE_ROOT, 'dags/patterns')
/** What they share. */
const SERVICES = 'services.ts'

async function patternNames(): Promise<string[]> {
  const names = await readdir(FOLDER)
  const tests = names.filter((name) => name.endsWith('.test.ts')).map((name) => name.slice(0, -'.test.ts'.length))
  return tests.toSorted()
}

/** Content by place in a project: the Dag, its test, and the services both use. */
export async function patternFiles(name: string): Promise<Record<string, string>> {
  const names = await patternNames()
  if (!names.includes(name)) {
    throw new CommandFailure(
      `There is no pattern "${name}".${didYouMean(name, names)}`,
      `The patterns are ${names.join(', ')}.`,
      EXIT_USAGE,
    )
  }
  const files: Record<string, string> = {}
  for (const file of [`${name}.ts`, `${name}.test.ts`, SERVICES]) {
    files[`dags/${file}`] = await readFile(join(FOLDER, file), 'utf8')
  }
  return files
}
