/** README and docs name only commands and options that there are, and the README names every group of commands. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { beforeAll, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/command-tree.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })]
const program: Command = new Command('tradewind')

beforeAll(async () => {
  for (const { name, load } of COMMANDS) {
    const command: Command = program.command(name)
    ;(await load())(command, { streams: process, setExitCode: () => {} })
  }
})

/** What is wrong with one call as it stands in a text, or `null`. */
function problemOf(call: string): string | null {
  // Comments, pipes and what is fed in are not of the call.
  const words = call
    .split(/\s+#|[|<>&]|\s\$\(/)[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
  let command: CommandUnknownOpts = program
  for (const word of words) {
    if (word.startsWith('-') || command.commands.length === 0) break
    const below = command.commands.find((one) => one.name() === word)
    // `webserver`, `<name>`: prose goes on behind a group.
    if (below === undefined) return `${call}: no ${word}`
    command = below
  }
  for (const word of words) {
    const name = /^--[a-z-]+/.exec(word)?.[0]
    if (name === undefined || name === '--help' || (name === '--version' && command === program)) continue
    if (!command.options.some((option) => option.long === name)) return `${call}: no ${name}`
  }
  return null
}

function callsIn(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const calls = text.matchAll(/`(?:npx )?(tradewind [a-z][^`]*)`|^(?:npx )?(tradewind [a-z].*)$/gm)
  return [...calls].map((match) => match[1] ?? match[2] ?? '')
}

test.each(PAGES)('%s', (page) => {
  const problems = callsIn(page).map(problemOf)
  expect(problems.filter((problem) => problem !== null)).toEqual([])
})

test('the calls are found, and wrong ones too', () => {
  expect(PAGES.flatMap(callsIn).length).toBeGreaterThan(60)
  expect(problemOf('tradewind runs lst')).toContain('no lst')
  expect(problemOf('tradewind runs list --al')).toContain('no --al')
  expect(problemOf("tradewind dags trigger sales --conf '{}'")).toBeNull()
})

test('the table of the README has every command', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const table = readme.slice(readme.indexOf('## Commands'), readme.indexOf('## Where things lie'))
  const missing = COMMANDS.filter(({ name }) => !new RegExp(`\`(tradewind )?${name}[ \`]`).test(table))
  expect(missing.map(({ name }) => name)).toEqual([])
})
