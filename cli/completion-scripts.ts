/**
 * Completion scripts for bash, zsh and fish. Pure. Each walks the words typed so far down the tree (`/dags/list`), then
 * offers the commands below, or the options when the word begins with a dash; arguments complete as files.
 */

export interface Level {
  /** Empty for the program itself; `/dags/list` for a command. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly {
    readonly long: string
    readonly short: string | null
    readonly description: string
    readonly takesValue: boolean
  }[]
}

const HEAD = '# Written by `tradewind completion`; write it anew after an upgrade.'

function pathsOf(levels: readonly Level[]): string[] {
  return levels.map(({ path }) => path).filter((path) => path !== '')
}

export function bashCompletion(levels: readonly Level[]): string {
  const cases = levels.map(({ path, commands, options }) => {
    const names = commands.map(({ name }) => name).join(' ')
    return `    '${path}') commands='${names}' options='${options.map(({ long }) => long).join(' ')}' ;;`
  })
  return `${HEAD}
_tradewind() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' commands='' options='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/\${COMP_WORDS[i]}" in
    ${pathsOf(levels).join('|')}) path="$path/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _tradewind tradewind
`
}

export function zshCompletion(levels: readonly Level[]): string {
  const entry = (name: string, description: string) => quoted(`${name.replaceAll(':', '\\:')}:${description}`)
  const cases = levels.map(({ path, commands, options }) => {
    const shown = commands.map(({ name, description }) => entry(name, description)).join(' ')
    return `    '${path}') commands=(${shown})
      options=(${options.map(({ long, description }) => entry(long, description)).join(' ')}) ;;`
  })
  return `#compdef tradewind
${HEAD}
_tradewind() {
  local where='' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$where/\${words[i]}" in
    ${pathsOf(levels).join('|')}) where="$where/\${words[i]}" ;;
    esac
  done
  case "$where" in
${cases.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe option options
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
compdef _tradewind tradewind
`
}

export function fishCompletion(levels: readonly Level[]): string {
  const lines = levels.flatMap(({ path, commands, options }) => {
    const at = `complete -c tradewind -n "__tradewind_at '${path}'"`
    return [
      ...commands.map(({ name, description }) => `${at} -f -a ${name} -d ${fishQuoted(description)}`),
      ...options.map(({ long, short, description, takesValue }) => {
        const letter = short === null ? '' : ` -s ${short.slice(1)}`
        return `${at} -l ${long.slice(2)}${letter}${takesValue ? ' -r' : ''} -d ${fishQuoted(description)}`
      }),
    ]
  })
  return `${HEAD}
function __tradewind_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch "$path/$word"
      case ${pathsOf(levels).join(' ')}
        set path "$path/$word"
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
