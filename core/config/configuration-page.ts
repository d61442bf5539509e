/** Writes `docs/configuration.md` from the schema, so that the page cannot say anything else than the program does. */
import { environmentName, SETTING_KEYS, type SettingKey, sectionOf, settingOf } from './schema.ts'

const HEAD = `# Configuration

Written from \`core/config/schema.ts\` by \`npm run docs\`; a test compares the two. Every setting has a default: an empty
configuration is a good one.

Values come from, later ones winning: the defaults, \`tradewind.config.json\` in the working directory, environment
variables, flags of the command. \`tradewind config list\` shows what holds and where each value came from. A name that is
not known, in the file or as a \`TRADEWIND_\` variable, is an error that suggests the nearest one.

\`\`\`json
{ "max_retries": 5, "dags": { "folder": "./my-dags" }, "tasks": { "retry_delay": "10 s" } }
\`\`\`

A setting that was renamed is still read by its former name, with a warning that says the new one.

Durations are written \`500 ms\`, \`30 s\`, \`5 min\`, \`2 hours\`, \`1 day\`; a bare number means seconds.
`

const TITLES: Readonly<Record<string, string>> = {
  general: 'The orchestrator',
  dags: 'Dags',
  data: 'Data',
  server: 'Web server',
  database: 'Database',
  secrets: 'Secrets',
  scheduler: 'Scheduler',
  tasks: 'Defaults of tasks',
  executor: 'Executor',
  dag_processor: 'Dag processor',
  logs: 'Logs',
  xcom: 'XCom',
  remote: 'Server elsewhere',
  shutdown: 'Shutdown',
}

function entry(key: SettingKey): string {
  const setting = settingOf(key)
  const type = setting.allowed === '' ? setting.type : `${setting.type}, ${setting.allowed}`
  const standard = /[`]|^(none|an?|the) |[0-9]+ per |, /.test(setting.defaultText)
    ? setting.defaultText
    : `\`${setting.defaultText}\``
  return `### \`${key}\`

${setting.description}

Environment: \`${environmentName(key)}\` · ${type} · default: ${standard}${setting.secret ? ' · secret' : ''}${
    setting.formerly === undefined ? '' : ` · formerly \`${setting.formerly}\``
  }
`
}

export function configurationPage(): string {
  const parts = [HEAD]
  let section = ''
  for (const key of SETTING_KEYS) {
    const name = sectionOf(key)
    if (name !== section) {
      parts.push(`## ${TITLES[name] ?? name}\n`)
      section = name
    }
    parts.push(entry(key))
  }
  return parts.join('\n')
}
