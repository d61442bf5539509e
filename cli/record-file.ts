/**
 * The JSON files of `import` and `export`: one object, a record for each name. A file is checked as a whole before
 * anything is written, with every problem; one that may hold secrets is readable by its owner only.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isRowName } from './argument-kinds.ts'
import { CommandFailure, EXIT_FAILED, EXIT_USAGE } from './command-failure.ts'
import type { Output } from './output.ts'

/** For the file argument: standard input or output. */
const STREAM = '-'
const MOST_PROBLEMS = 20

export interface Saved {
  readonly force?: true | undefined
}

/** Writes, and answers with the count; to standard output the records themselves. */
export function exportRecords(
  output: Output,
  file: string,
  records: Readonly<Record<string, unknown>>,
  { force }: Saved,
): void {
  const text = `${JSON.stringify(records, null, 2)}\n`
  if (file === STREAM) {
    output.answer(records, () => text.trimEnd())
    return
  }
  const path = resolve(file)
  try {
    writeFileSync(path, text, { flag: force === true ? 'w' : 'wx', mode: 0o600 })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new CommandFailure(`${path} is there already.`, 'Name another file, or add --force.', EXIT_USAGE)
    }
    throw new CommandFailure(`${path} cannot be written: ${error instanceof Error ? error.message : error}`)
  }
  const count = Object.keys(records).length
  output.answer({ file: path, exported: count }, () => `Exported ${counted(count)} to ${path}.`)
}

/** Reads one record; throws an `Error` whose message continues «"name": ». */
type ReadOne<T> = (name: string, value: unknown) => T

/** Throws `CommandFailure` with every problem. */
export function readRecords<T>(file: string, readOne: ReadOne<T>): readonly T[] {
  const shown = file === STREAM ? 'Standard input' : resolve(file)
  const content = parse(shown, file)
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CommandFailure(`${shown} must hold one JSON object, a record for each name.`, null, EXIT_FAILED)
  }
  const problems: string[] = []
  const records = Object.entries(content).flatMap(([name, value]) => {
    try {
      if (!isRowName(name)) throw new Error('a name has 1 to 250 characters without control characters')
      return [readOne(name, value)]
    } catch (error) {
      problems.push(`${JSON.stringify(name)}: ${error instanceof Error ? error.message : error}`)
      return []
    }
  })
  if (problems.length > 0) {
    const more = problems.length > MOST_PROBLEMS ? `\n... and ${problems.length - MOST_PROBLEMS} more` : ''
    throw new CommandFailure(
      `${shown} cannot be imported:\n${problems.slice(0, MOST_PROBLEMS).join('\n')}${more}`,
      'Nothing was imported. Correct the file and import it again.',
    )
  }
  return records
}

function parse(shown: string, file: string): unknown {
  let text: string
  try {
    text = readFileSync(file === STREAM ? 0 : resolve(file), 'utf8')
  } catch (error) {
    throw new CommandFailure(`${shown} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    // What the parser says would quote the text, which may hold secrets.
    throw new CommandFailure(`${shown} is not valid JSON.`, 'A file of `export` shows the form.')
  }
}

/** Imports what is wanted and answers with the counts. */
export async function importRecords<T>(
  output: Output,
  records: readonly T[],
  {
    atOnce,
    known,
    nameOf,
    skipExisting,
    save,
  }: {
    /** How many are saved together. */
    readonly atOnce: number
    /** Names that are there. */
    readonly known: ReadonlySet<string>
    nameOf(record: T): string
    readonly skipExisting: boolean
    save(records: readonly T[]): Promise<unknown>
  },
): Promise<void> {
  const wanted = skipExisting ? records.filter((record) => !known.has(nameOf(record))) : records
  let done = 0
  for (; done < wanted.length; done += atOnce) {
    const some = wanted.slice(done, done + atOnce)
    try {
      await save(some)
    } catch (error) {
      const [first, ...others] = some.map(nameOf)
      const names = others.length === 0 ? `"${first}"` : `"${first}" to "${others.at(-1)}"`
      output.note(`${done} of ${wanted.length} were imported before ${names} failed.`)
      throw error
    }
  }
  done = wanted.length
  const skipped = records.length - wanted.length
  const rest = skipped === 0 ? '' : ` ${skipped} were there already and stayed as they are.`
  output.answer({ imported: done, skipped }, () => `Imported ${counted(done)}.${rest}`)
}

function counted(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

/** The fields of a record, of which none may be one that is not known. */
export function fieldsOf(value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected an object')
  const unknown = Object.keys(value).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`unknown field ${unknown.join(', ')}; known are ${known.join(', ')}`)
  return value as Readonly<Record<string, unknown>>
}

/** Text, or `null` where it is `null` or left out. */
export function optionalText(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = fields[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw new Error(`${name} must be text`)
  return value
}
