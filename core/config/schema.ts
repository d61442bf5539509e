/**
 * Every setting a user can see, with its default, once. From this table come the type of the configuration, the check,
 * the names of the environment variables, `docs/configuration.md` and `tradewind config list`.
 */
import { ERROR_STRATEGIES } from '../serialized-dag.ts'
import {
  choice,
  decimal,
  duration,
  integer,
  list,
  onlyOne,
  optionalInteger,
  optionalText,
  path,
  type Setting,
  text,
  yesNo,
} from './setting-kinds.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const kept = (days: number, description: string) =>
  duration({ default: days * DAY, min: DAY, max: 36_500 * DAY, description })

export const SETTINGS = {
  orchestrator: onlyOne({
    default: 'custom',
    same: [],
    description: 'What drives the runs: `custom`, the engine of this program.',
    why: 'the engine of this program drives the runs; nothing drives another orchestrator from here',
  }),
  error_strategy: choice({
    default: 'retry-then-compensate',
    choices: ERROR_STRATEGIES,
    description:
      'What the failure of a task leads to, for Dags and tasks that do not say (`errorStrategy`): `retry` only retries, ' +
      '`compensate` undoes at once what was done, `dead-letter` does neither, `retry-then-compensate` both in turn. Each ' +
      'final failure is kept as a dead letter.',
  }),
  state_persistence: onlyOne({
    default: 'database with event-log',
    same: ['database', 'event-log'],
    description:
      'Where the state of runs is kept: in PostgreSQL, with every change in the event log, in one transaction. `database` ' +
      'and `event-log` mean the same: there is not one without the other.',
    why:
      'state is kept in PostgreSQL and every change in the event log, in one transaction; whatever keeps less would lose ' +
      'runs in a crash (tests run Dags in memory: `tradewind dags test`)',
  }),
  timeout_default: duration({
    default: 30 * SECOND,
    min: 10,
    max: 365 * DAY,
    formerly: 'tasks.timeout',
    description:
      'Limit of one try, of running time only; waiting never counts. For tasks that do not say (`timeout`): one for long ' +
      'work sets its own.',
  }),
  max_retries: integer({
    default: 3,
    min: 0,
    max: 1_000,
    formerly: 'tasks.retries',
    description: 'Further tries after the first one fails, for tasks that do not say (`retries`).',
  }),

  'dags.folder': path({ default: './dags', description: 'Folder that is watched for Dag files.' }),
  'data.folder': path({
    default: './.tradewind',
    description:
      'Where the program keeps what is its own: the embedded database, logs, files of tasks, the secret key.',
  }),
  'server.host': text({
    default: '127.0.0.1',
    description: 'Address the web server listens on. Anything but loopback opens it to the network.',
  }),
  'server.port': integer({
    default: 8080,
    min: 0,
    max: 65_535,
    defaultText: '8080, or a free one when it is taken',
    description: 'Port of the web server. 0 takes any free one. A port set here that is taken is an error.',
  }),
  'server.base_url': optionalText({
    defaultText: 'the address it listens on',
    description:
      'Address people use, where that is another one: behind a proxy, `https://tradewind.example.org`. With https ' +
      'cookies are sent over https only.',
  }),
  'server.trusted_proxies': list({
    default: [],
    defaultText: 'none',
    description: 'Addresses or networks of proxies whose `X-Forwarded-For` is believed, such as `127.0.0.1`.',
  }),
  'server.session_idle': duration({
    default: 12 * HOUR,
    min: MINUTE,
    max: 90 * DAY,
    description: 'A session of the page that was not used for this long is over.',
  }),
  'server.session_longest': duration({
    default: 7 * DAY,
    min: MINUTE,
    max: 365 * DAY,
    description: 'After this time everybody signs in anew.',
  }),
  'server.metrics_open': yesNo({ default: false, description: 'Whether `/metrics` answers without a token.' }),
  'database.url': optionalText({
    env: 'DATABASE_URL',
    secret: true,
    defaultText: 'an embedded server in the data folder',
    description: 'PostgreSQL 14 or newer to use in place of the embedded server: `postgres://user:password@host/name`.',
  }),
  'secrets.key': optionalText({
    env: 'TRADEWIND_SECRET_KEY',
    secret: true,
    defaultText: 'a key file in the data folder, made at the first start',
    description:
      'Key that encrypts connections and secret variables at rest. See security.md for its form and rotation.',
  }),
  'secrets.old_keys': list({
    env: 'TRADEWIND_SECRET_OLD_KEYS',
    secret: true,
    default: [],
    defaultText: 'none',
    description: 'Former keys, which can still decrypt while values are rotated to the present one.',
  }),

  'scheduler.parallelism': integer({
    default: (machine) => Math.max(8, 4 * machine.cores),
    defaultText: '4 per core, at least 8',
    min: 1,
    max: 10_000,
    description: 'Most tries that run at once, over all Dags.',
  }),
  'scheduler.default_pool_slots': integer({
    default: 128,
    min: 1,
    max: 1_000_000,
    description: 'Slots of `default_pool` when the database is made.',
  }),
  'scheduler.max_active_runs': integer({
    default: 16,
    min: 1,
    max: 100_000,
    description: 'Most runs of one Dag at once, for Dags that do not say.',
  }),
  'scheduler.max_active_tasks': integer({
    default: 16,
    min: 1,
    max: 100_000,
    description: 'Most tries of one run at once, for Dags that do not say.',
  }),
  'scheduler.catchup': yesNo({
    default: false,
    description: 'Whether Dags that do not say make a run for each missed tick, or one for the latest only.',
  }),
  'scheduler.dags_are_paused_at_creation': yesNo({
    default: false,
    description: 'Whether a new Dag waits to be unpaused. By default it is live at once.',
  }),
  'scheduler.max_queued_runs': integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    description: 'Most runs of one Dag that may wait for their turn; a trigger beyond them is refused.',
  }),
  'scheduler.max_platform_losses': integer({
    default: 5,
    min: 1,
    max: 1_000,
    description: 'A try lost to the platform (a host that died, say) this many times in a row fails for good.',
  }),

  'tasks.retry_delay': duration({ default: SECOND, min: 0, max: 7 * DAY, description: 'Wait before the first retry.' }),
  'tasks.retry_backoff': decimal({
    default: 2,
    min: 1,
    max: 100,
    description: 'Factor by which the wait grows from retry to retry; 1 keeps it.',
  }),
  'tasks.max_retry_delay': duration({ default: 5 * MINUTE, min: 0, max: 30 * DAY, description: 'Longest wait.' }),
  'tasks.retry_jitter': decimal({
    default: 0.1,
    min: 0,
    max: 1,
    description: 'Share of the wait that is added at random, so that retries spread out.',
  }),
  'tasks.memory_limit_mb': integer({
    default: 1_024,
    min: 64,
    max: 4_194_304,
    description: 'Memory of one try with all of its processes, in MB.',
  }),
  'tasks.isolation': choice({
    default: 'warm',
    choices: ['warm', 'process'],
    description: '`warm` shares child processes between tries, `process` gives every try a fresh one.',
  }),
  'tasks.pool': text({ default: 'default_pool', description: 'Pool of tasks that do not name one.' }),

  'executor.slots': optionalInteger({
    min: 1,
    max: 10_000,
    defaultText: '`scheduler.parallelism`',
    description: 'Most tries at once on this machine.',
  }),
  'executor.idle_children': integer({
    default: 2,
    min: 0,
    max: 10_000,
    description: 'Warm child processes that are kept when there is nothing to do.',
  }),
  'executor.idle_time': duration({
    default: 30 * SECOND,
    min: 100,
    max: DAY,
    description: 'A further idle child ends after this time.',
  }),
  'executor.tries_per_child': integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    description: 'A child process is replaced after this many tries.',
  }),
  'executor.child_rss_limit_mb': integer({
    default: 512,
    min: 64,
    max: 4_194_304,
    description: 'A child process that holds more than this between two tries is replaced, in MB.',
  }),
  'executor.heartbeat_every': duration({
    default: SECOND,
    min: 50,
    max: 10 * MINUTE,
    description: 'How often a child process says that it is alive; at least every second, whatever this says.',
  }),
  'executor.heartbeat_lost_after': duration({
    default: 30 * SECOND,
    min: 200,
    max: HOUR,
    description: 'A child process that has not said so for this long is killed and its try is lost.',
  }),
  'executor.kill_grace': duration({
    default: 5 * SECOND,
    min: 0,
    max: HOUR,
    description: 'Time a cancelled try has to end by itself before its processes are killed.',
  }),
  'executor.child_user': optionalText({
    defaultText: '`nobody` when the program is root and that user can read the files, else its own',
    description:
      'User that runs the code of Dag files: a name, a uid, `uid:gid`, or `same` for the one of the program.',
  }),
  'executor.child_env': list({
    default: [
      'PATH',
      'HOME',
      'LANG',
      'LC_ALL',
      'TZ',
      'TMPDIR',
      'NODE_EXTRA_CA_CERTS',
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'NO_PROXY',
      'http_proxy',
      'https_proxy',
      'no_proxy',
    ],
    description: 'Environment variables that code of Dag files may see. All others are kept from it.',
  }),

  'dag_processor.parse_timeout': duration({
    default: 10 * SECOND,
    min: 100,
    max: HOUR,
    description: 'Limit for importing one Dag file.',
  }),
  'dag_processor.parse_memory_mb': integer({
    default: 512,
    min: 64,
    max: 4_194_304,
    description: 'Memory of the process that imports Dag files, in MB.',
  }),
  'dag_processor.rescan_every': duration({
    default: 5 * SECOND,
    min: 100,
    max: HOUR,
    description: 'How often the whole folder is compared, for changes the file system did not announce.',
  }),
  'dag_processor.idle_time': duration({
    default: 15 * SECOND,
    min: 100,
    max: DAY,
    description: 'After this time without a change the processes that import Dag files end, until the next one.',
  }),

  'logs.max_mb_per_try': integer({
    default: 10,
    min: 1,
    max: 1_048_576,
    description: 'A log that grows past this is cut, with a line that says so, in MB.',
  }),
  'xcom.max_mb': integer({
    default: 16,
    min: 1,
    max: 1_024,
    description: 'Largest value a task may return or push, as JSON text, in MB.',
  }),
  'retention.events': kept(365, 'The history is kept this long; it goes in parts of a million events.'),
  'retention.logs': kept(90, 'Logs of tries are kept this long after their last line.'),
  'retention.xcoms': kept(90, 'XComs are kept this long after their run has ended.'),
  'retention.bundles': kept(30, 'Versions of Dags that no run uses, and their bundles, are kept this long.'),
  'retention.dead_letters': kept(
    90,
    'Dead letters that were redriven or discarded are kept this long after that. Open ones stay with their run.',
  ),
  'retention.runs': kept(3_650, 'Runs, with their task instances and tries, are kept this long after their end.'),
  'remote.url': optionalText({
    env: 'TRADEWIND_URL',
    defaultText: 'none: the database of this machine',
    description: 'Address of a server elsewhere that commands work on, such as `https://tradewind.example.org`.',
  }),
  'remote.token': optionalText({
    env: 'TRADEWIND_TOKEN',
    secret: true,
    description: 'Token that commands sign in with there; `tradewind tokens create` makes one.',
  }),
  'shutdown.grace': duration({
    default: 10 * SECOND,
    min: 0,
    max: DAY,
    description: 'Time running tries have to end when the program is asked to stop. A second signal stops at once.',
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>

export type SettingKey = keyof typeof SETTINGS

/** The checked configuration: one value for each key. Durations are milliseconds. */
export type Config = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
}

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[]

/** The setting of a key without its value's type, for code that treats all alike. */
export function settingOf(key: SettingKey): Setting<unknown> {
  return SETTINGS[key]
}

/** `scheduler.parallelism` is `TRADEWIND_SCHEDULER_PARALLELISM`. */
export function environmentName(key: SettingKey): string {
  return settingOf(key).env ?? derivedName(key)
}

/** Names that settings had before and are still read by: of the file, and of the environment. */
export const FORMER_NAMES: ReadonlyMap<string, SettingKey> = new Map(
  SETTING_KEYS.flatMap((key) => {
    const { formerly } = settingOf(key)
    return formerly === undefined ? [] : [[formerly, key] as const, [derivedName(formerly), key] as const]
  }),
)

/** The part of a key in front of its dot. The parameters of the whole orchestrator have none: `general`. */
export function sectionOf(key: string): string {
  const dot = key.indexOf('.')
  return dot < 0 ? 'general' : key.slice(0, dot)
}

function derivedName(key: string): string {
  return `TRADEWIND_${key.toUpperCase().replaceAll('.', '_')}`
}
