import { describe, expect, test } from 'vitest'
import { nearestName } from '../../core/config/nearest-name.ts'
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { ConfigError, type ConfigInput, readConfig } from '../../core/config/read-config.ts'
import { environmentName, SETTING_KEYS, settingOf } from '../../core/config/schema.ts'

const read = (input: Partial<ConfigInput>) => readConfig({ env: {}, flags: {}, machine: { cores: 2 }, ...input })

function problemsOf(input: Partial<ConfigInput>): readonly string[] {
  try {
    read(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('defaults', () => {
  test('an empty configuration is complete and every default passes its own check', () => {
    const { config, sources } = read({})
    for (const key of SETTING_KEYS) {
      expect(config[key], key).not.toBeUndefined()
      expect(sources[key]).toBe('default')
    }
    const shown = SETTING_KEYS.map((key) => [key, settingOf(key).show(config[key])] as const)
    const again = read({ flags: Object.fromEntries(shown.filter(([, text]) => text !== '')) })
    expect(again.config).toEqual(config)
  })

  test('parallelism is four per core and at least eight', () => {
    expect(read({ machine: { cores: 1 } }).config['scheduler.parallelism']).toBe(8)
    expect(read({ machine: { cores: 16 } }).config['scheduler.parallelism']).toBe(64)
  })

  test('the platform defaults are those promised in the README', () => {
    expect(platformDefaults(read({}).config)).toMatchObject({
      retries: 3,
      retryDelayMs: 1_000,
      retryBackoff: 2,
      maxRetryDelayMs: 300_000,
      timeoutMs: 30_000,
      errorStrategy: 'retry-then-compensate',
      catchup: false,
      pausedUponCreation: false,
      maxActiveRuns: 16,
      maxActiveTasks: 16,
      pool: 'default_pool',
    })
  })
})

describe('order of sources', () => {
  test('flags over environment over file', () => {
    const file = { name: 'tradewind.config.json', content: { server: { port: 1 }, 'dags.folder': 'a', logs: {} } }
    const env = { TRADEWIND_SERVER_PORT: '2', TRADEWIND_TIMEOUT_DEFAULT: '5 min' }
    const fromFile = read({ file })
    expect(fromFile.config['server.port']).toBe(1)
    expect(fromFile.config['dags.folder']).toBe('a')
    expect(fromFile.sources['server.port']).toBe('file')
    expect(read({ file, env }).config['server.port']).toBe(2)
    expect(read({ file, env }).config.timeout_default).toBe(300_000)
    const flagged = read({ file, env, flags: { 'server.port': '3' } })
    expect(flagged.config['server.port']).toBe(3)
    expect(flagged.sources['server.port']).toBe('flag')
  })

  test('an empty variable counts as not set', () => {
    expect(read({ env: { DATABASE_URL: '' } }).config['database.url']).toBeNull()
  })
})

describe('values', () => {
  test.each([
    ['TRADEWIND_TASKS_RETRY_DELAY', '250 ms', 'tasks.retry_delay', 250],
    ['TRADEWIND_TASKS_RETRY_DELAY', '1.5 s', 'tasks.retry_delay', 1_500],
    ['TRADEWIND_TASKS_RETRY_DELAY', '10', 'tasks.retry_delay', 10_000],
    ['TRADEWIND_SHUTDOWN_GRACE', '2 hours', 'shutdown.grace', 7_200_000],
    ['TRADEWIND_SCHEDULER_CATCHUP', 'yes', 'scheduler.catchup', true],
    ['TRADEWIND_EXECUTOR_CHILD_ENV', 'PATH, HOME', 'executor.child_env', ['PATH', 'HOME']],
    ['TRADEWIND_EXECUTOR_SLOTS', '3', 'executor.slots', 3],
    ['TRADEWIND_SECRET_KEY', 'abc', 'secrets.key', 'abc'],
    ['DATABASE_URL', 'postgres://h/d', 'database.url', 'postgres://h/d'],
  ] as const)('%s=%s', (name, raw, key, value) => {
    expect(read({ env: { [name]: raw } }).config[key]).toEqual(value)
  })

  test.each([
    ['TRADEWIND_SERVER_PORT', '70000', 'from 0 to 65535'],
    ['TRADEWIND_SERVER_PORT', '80.5', 'whole number'],
    ['TRADEWIND_SERVER_PORT', 'http', 'whole number'],
    ['TRADEWIND_TIMEOUT_DEFAULT', '5 fortnights', 'expected a duration'],
    ['TRADEWIND_TASKS_RETRY_JITTER', '2', 'from 0 to 1'],
    ['TRADEWIND_TASKS_ISOLATION', 'thread', 'warm or process'],
    ['TRADEWIND_ERROR_STRATEGY', 'rety', 'retry or compensate or dead-letter or retry-then-compensate'],
    ['TRADEWIND_ORCHESTRATOR', 'temporal', 'only "custom" is supported: the engine of this program'],
    [
      'TRADEWIND_STATE_PERSISTENCE',
      'memory',
      'only "database with event-log" is supported: state is kept in PostgreSQL',
    ],
    ['TRADEWIND_STATE_PERSISTENCE', 'database, redis', 'would lose'],
    ['TRADEWIND_SCHEDULER_CATCHUP', 'maybe', 'true or false'],
  ])('%s=%s is refused, naming value and remedy', (name, raw, expected) => {
    const [problem] = problemsOf({ env: { [name]: raw } })
    expect(problem).toContain(name)
    expect(problem).toContain(JSON.stringify(raw))
    expect(problem).toContain(expected)
  })

  test('a secret is never echoed', () => {
    const [problem] = problemsOf({ file: { name: 'f', content: { 'database.url': 17 } } })
    expect(problem).toContain('***')
    expect(problem).not.toContain('17')
  })
})

describe('the five parameters of the orchestrator', () => {
  test('stand first, under these names, with these defaults', () => {
    const { config } = read({})
    expect(SETTING_KEYS.slice(0, 5).map((key) => [key, settingOf(key).show(config[key])])).toEqual([
      ['orchestrator', 'custom'],
      ['error_strategy', 'retry-then-compensate'],
      ['state_persistence', 'database with event-log'],
      ['timeout_default', '30 s'],
      ['max_retries', '3'],
    ])
  })

  test.each(['database', 'event-log', 'database, event-log', 'event-log+database', ['database', 'event-log']])(
    'state_persistence %j is the same thing',
    (raw) => {
      const { config } = read({ file: { name: 'f', content: { state_persistence: raw } } })
      expect(config.state_persistence).toBe('database with event-log')
    },
  )

  test('reach the scheduler', () => {
    const content = { error_strategy: 'dead-letter', max_retries: 1, timeout_default: '2 min' }
    expect(platformDefaults(read({ file: { name: 'f', content } }).config)).toMatchObject({
      errorStrategy: 'dead-letter',
      retries: 1,
      timeoutMs: 120_000,
    })
  })
})

describe('former names', () => {
  const file = { name: 'f.json', content: { tasks: { retries: 7, timeout: '1 min', retry_delay: '2 s' } } }

  test('are read, with a warning that says the new one', () => {
    const { config, sources, warnings } = read({ file, env: { TRADEWIND_TASKS_RETRIES: '9' } })
    expect([config.max_retries, config.timeout_default, config['tasks.retry_delay']]).toEqual([9, 60_000, 2_000])
    expect([sources.max_retries, sources.timeout_default]).toEqual(['environment', 'file'])
    expect(warnings).toEqual([
      '"tasks.retries" in f.json is called "max_retries" now. Rename it.',
      '"tasks.timeout" in f.json is called "timeout_default" now. Rename it.',
      '"TRADEWIND_TASKS_RETRIES" in the environment is called "TRADEWIND_MAX_RETRIES" now. Rename it.',
    ])
    expect(read({}).warnings).toEqual([])
  })

  test('give way to the present one in the same place, and to a later place', () => {
    const both = { name: 'f', content: { 'tasks.retries': 7, max_retries: 2 } }
    const { config, warnings } = read({ file: both })
    expect([config.max_retries, warnings]).toEqual([
      2,
      ['"tasks.retries" in f is left out: "max_retries" is given, too. Remove it.'],
    ])
    expect(read({ file, env: { TRADEWIND_MAX_RETRIES: '4' } }).config.max_retries).toBe(4)
  })

  test('are checked as the present one is', () => {
    expect(problemsOf({ file: { name: 'f', content: { tasks: { retries: 'many' } } } })).toEqual([
      expect.stringMatching(/^"tasks\.retries" in f is "many": expected a whole number/),
    ])
  })
})

describe('unknown names', () => {
  test('all of them at once, each with the nearest known one', () => {
    const problems = problemsOf({
      file: { name: 'tradewind.config.json', content: { scheduler: { paralelism: 3 } } },
      env: { TRADEWIND_SERVER_PROT: '1', PATH: '/bin', TRADEWIND_TEST_DATABASE_URL: 'x' },
    })
    expect(problems).toHaveLength(2)
    expect(problems[0]).toContain('Did you mean "scheduler.parallelism"?')
    expect(problems[1]).toContain('Did you mean "TRADEWIND_SERVER_PORT"?')
  })

  test('nothing is suggested for a word that is like no other', () => {
    expect(nearestName('zzzzzz', ['alpha', 'beta'])).toBeNull()
    expect(nearestName('standalnoe', ['standalone', 'scheduler'])).toBe('standalone')
    expect(nearestName('retry', ['retryDelay', 'retries'])).toBe('retries')
  })

  test('a file that is no object is refused', () => {
    expect(problemsOf({ file: { name: 'f.json', content: [1] } })[0]).toContain('one JSON object')
  })
})

test('no two settings share an environment name', () => {
  expect(new Set(SETTING_KEYS.map(environmentName)).size).toBe(SETTING_KEYS.length)
})
