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
  command('bad-correlation', 400, 'A correlation id is empty, longer than 200 characters, or cannot be shown.'),
  command('bad-letters', 400, 'A redrive or discard names no dead letter or too many, or gives no reason.'),
  command('bad-logical-date', 400, 'The logical date is not an instant.'),
  command('bad-note', 400, 'The note is longer than 1,000 characters, or holds a NUL.'),
  command('bad-params', 400, 'conf does not fit the params of the Dag; the message names path, value and rule.'),
  command('bad-pool', 400, 'The name or the number of slots of a pool is not allowed.'),
  command('bad-connection', 400, 'A connection cannot be stored: its name, a NUL, or too many in one command.'),
  command('bad-run-id', 400, 'The run id is empty, too long, or holds control characters or half of a surrogate pair.'),
  command(
    'bad-task-inputs',
    400,
    'Changed arguments are no JSON object, too large, or name what the task does not have.',
  ),
  command('bad-trigger-key', 400, 'A trigger key is empty, longer than 200 characters, or cannot be shown.'),
  command('bad-variable', 400, 'A variable cannot be stored: its key, a NUL, or too many in one command.'),
  command('command-expired', 408, 'The scheduler took the command later than its sender allowed.'),
  command('command-failed', 500, 'The command could not be carried out; the message says why. Nothing was changed.'),
  command('dag-inactive', 409, 'The file of the Dag is gone or no longer declares it.'),
  command('dag-not-found', 404, 'There is no Dag of that id.'),
  command('dag-running', 409, 'Tries of the Dag are running, so it cannot be deleted.'),
  command('connection-exists', 409, 'There is a connection of that name already.'),
  command('connection-not-found', 404, 'There is no connection of that name.'),
  command(
    'newest-cannot-undo',
    409,
    'The newest version of the Dag lacks a task whose effects in the run only it can undo.',
  ),
  command('pool-in-use', 409, 'A task of an active Dag or of an unfinished run names the pool, or holds slots of it.'),
  command('pool-not-found', 404, 'There is no pool of that name.'),
  command('not-compensable', 409, 'A task that was named has nothing that can be undone; the message says why.'),
  command(
    'run-compensating',
    409,
    'Something the run did is being undone; it can be cancelled, not cleared or marked.',
  ),
  command('run-exists', 409, 'The Dag has a run of that id or logical date already.'),
  command('run-finished', 409, 'The run has ended: there is nothing to cancel.'),
  command('run-not-finished', 409, 'Only runs that have ended can be deleted, or undone task by task.'),
  command('run-not-found', 404, 'The Dag has no run of that id.'),
  command('run-not-started', 409, 'The run is queued and has no task instances yet.'),
  command('task-not-found', 404, 'The run has no task of that id.'),
  command('too-many-queued-runs', 429, 'The Dag has as many queued runs as it may have.'),
  command('variable-exists', 409, 'There is a variable of that key already.'),
  command('variable-not-found', 404, 'There is no variable of that key.'),
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
  importError('not-storable', 'The database refused what the file declares (control characters, very large values).'),
  importError(
    'nondeterministic-dag',
    'A warning: importing the file twice gave different Dags, so versions would pile up.',
  ),
  importError('bad-argument-name', 'A task is given an argument whose name no variable could have.'),
  importError('bad-compensate', 'The `compensate` option of a task is nothing that could undo it.'),
  importError(
    'bad-correlation-id',
    'The `correlationId` of a Dag is no template, or names a param that the Dag does not have.',
  ),
  importError('bad-saga', 'The function that builds a saga is asynchronous: what it declares later is not seen.'),
  importError('nested-saga', 'A saga lies in another saga.'),
  importError(
    'output-not-kept',
    'A warning: a compensation uses the output of a task that keeps no return value (`doXcomPush: false`).',
  ),
  importError('saga-without-compensation', 'A warning: no task of a saga has a compensation.'),
  importError('start-date-needed', 'A schedule counts by the calendar, and the Dag has no start date to count from.'),
  importError('unused-retries', 'A warning: a task has retries, and an `errorStrategy` that does not use them.'),
  importError('bad-cron', 'The schedule is no cron expression of five fields, or would never fire.'),
  importError('bad-dag-id', 'The id of a Dag is not allowed.'),
  importError('bad-date', 'An option is no date that can be read.'),
  importError('bad-duration', 'An option is no duration that can be read, or out of range.'),
  importError('bad-group-id', 'The id of a group is not allowed.'),
  importError('bad-inputs', 'A task was called with something that is no object of named arguments.'),
  importError('bad-params-schema', 'The params of a Dag give no JSON Schema of an object.'),
  importError('bad-preset', 'There is no schedule preset of that name.'),
  importError('bad-schedule', 'The schedule is none of the kinds there are.'),
  importError('bad-task-id', 'The id of a task is not allowed.'),
  importError('cycle', 'Tasks wait for each other in a circle; the message names the path.'),
  importError('duplicate-case', 'A switch has two cases for one value.'),
  importError('duplicate-dag-id', 'Two Dags have the same id.'),
  importError('duplicate-group-id', 'A group has the id of another group.'),
  importError('duplicate-task-id', 'A task has the id of another task or of a group.'),
  importError('edge-into-own-group', 'A group is ordered against something inside it.'),
  importError('empty-group', 'A group without tasks stands at the end of an edge, which would keep no order.'),
  importError('end-before-start', 'An end date is before its start date.'),
  importError('if-without-then', 'A condition decides nothing.'),
  importError(
    'not-json',
    'An argument is or holds what JSON does not carry: a Date, a function, NaN, a class, a circle.',
  ),
  importError('not-supported-yet', 'An option of Airflow is switched on that Tradewind does not act on yet.'),
  importError('switch-without-case', 'A switch has no case.'),
  importError('task-called-twice', 'A task is called more than once; it has one place in its Dag.'),
  importError('task-not-called', 'A task is declared and never called, so it would not be part of its Dag.'),
  importError('unknown-option', 'There is no option of that name.'),
  importError('unknown-param', 'An argument is bound to a param that the Dag does not have.'),
  importError('unknown-upstream', 'A task is connected with a task of another Dag.'),
  importError('unknown-zone', 'The time zone is no IANA name.'),
]

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
