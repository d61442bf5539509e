/**
 * Every code an error can carry, once: what it means, which HTTP status it has, and its anchor in the docs. Codes are
 * stable and never used for anything else; `docs/error-codes.md` is written from here.
 */

export interface ErrorCode {
  readonly code: string
  /** `command`: answer to what an operator or task asked for. `import`: why a Dag file was not taken, or a warning. */
  readonly kind: 'command' | 'import'
  readonly meaning: string
  /** Of the REST answer; import errors are data, not answers. */
  readonly status: number | null
}

function command(code: string, status: number, meaning: string): ErrorCode {
  return { code, kind: 'command', meaning, status }
}

function importError(code: string, meaning: string): ErrorCode {
  return { code, kind: 'import', meaning, status: null }
}

export const ERROR_CODES: readonly ErrorCode[] = [
  command('bad-conf', 400, 'conf is not JSON.'),
  command('bad-logical-date', 400, 'The logical date is not an instant.'),
  command('bad-params', 400, 'conf does not fit the params of the Dag; the message names path, value and rule.'),
  command('bad-pool', 400, 'The name or the number of slots of a pool is not allowed.'),
  command('bad-run-id', 400, 'The run id is empty, too long, or holds control characters.'),
  command('command-expired', 408, 'The scheduler took the command later than its sender allowed.'),
  command('command-failed', 500, 'The command could not be carried out; the message says why. Nothing was changed.'),
  command('dag-inactive', 409, 'The file of the Dag is gone or no longer declares it.'),
  command('dag-not-found', 404, 'There is no Dag of that id.'),
  command('unknown-command', 501, 'The leading scheduler is older than the sender. Upgrade it.'),

  importError('bad-edge', '`before` or `after` was given something that is no task, condition or group of the Dag.'),
  importError('bad-handler', 'The handler of a task is no function.'),
  importError('bad-option', 'An option has a value that is not allowed.'),
  importError('condition-awaited', 'A condition (`dag.if(...)`) was awaited; it is a description, not a promise.'),
  importError('import-failed', 'The file threw while it was imported.'),
  importError(
    'params-need-defaults',
    'A Dag with a schedule has params without default: its runs would have no value.',
  ),
  importError('parse-exit', 'The file ended the process that imports it.'),
  importError('parse-memory', 'Importing the file took more memory than `dag_processor.parse_memory_mb`.'),
  importError('parse-timeout', 'Importing the file took longer than `dag_processor.parse_timeout`.'),
  importError('syntax-error', 'The file is not valid TypeScript or JavaScript.'),
  importError('task-without-id', 'A task has neither an id nor a named handler.'),
  importError('unknown-export', 'The file imports a name that its module does not have.'),
  importError('unknown-file-type', 'The file imports a file of a kind that cannot be bundled.'),
  importError('unknown-pool', 'A task names a pool that does not exist.'),
  importError('unreadable-file', 'The file, or one it imports, cannot be read.'),
  importError('unresolved-import', 'The file imports a module that cannot be found.'),
]

/** Address of a code in the docs. */
export function errorCodeAnchor(code: string): string {
  return `docs/error-codes.md#${code}`
}

const HEAD = `# Error codes

Written from \`core/error-codes.ts\` by \`npm run docs\`; a test compares the two. The message that comes with a code names the
value, the cause and the remedy.
`

export function errorCodesPage(): string {
  const rows = (kind: ErrorCode['kind']) =>
    ERROR_CODES.filter((entry) => entry.kind === kind).toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const commands = rows('command').map(
    ({ code, status, meaning }) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${meaning} |`,
  )
  const imports = rows('import').map(({ code, meaning }) => `| <a id="${code}"></a>\`${code}\` | ${meaning} |`)
  return [
    HEAD,
    '## Answers to commands\n\n| code | HTTP status | meaning |\n|---|---|---|',
    ...commands,
    '\n## Import errors and warnings\n\n| code | meaning |\n|---|---|',
    ...imports,
    '',
  ].join('\n')
}
