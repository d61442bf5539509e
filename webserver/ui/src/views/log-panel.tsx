/** The log of a try as it is written, with levels, search and wrapping. Follows the end until the reader scrolls up. */
import { ActionIcon, Checkbox, Select, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { TiName } from '../data/paths.ts'
import { useLog } from '../data/task-instance.ts'
import { withoutAnsi } from '../drawing/ansi.ts'
import { Icon } from '../drawing/icons.tsx'
import { LogLines } from '../drawing/log-lines.tsx'
import { Empty, Failure } from './messages.tsx'

const LEVELS: readonly string[] = ['debug', 'info', 'warning', 'error']

interface Props {
  readonly name: TiName
  readonly tryNumber: number
  readonly mapIndex: number
}

export function LogPanel({ name, tryNumber, mapIndex }: Props) {
  const topic = useMemo(
    () => ({
      dag_id: name.dagId,
      dag_run_id: name.runId,
      task_id: name.taskId,
      try_number: tryNumber,
      ...(mapIndex === -1 ? {} : { map_index: mapIndex }),
    }),
    [name.dagId, name.runId, name.taskId, tryNumber, mapIndex],
  )
  const log = useLog(topic)
  const [level, setLevel] = useState<string>('debug')
  const [search, setSearch] = useState('')
  const [wrap, setWrap] = useState(false)
  const [current, setCurrent] = useState(0)
  const least = LEVELS.indexOf(level)
  const lines = useMemo(() => log.lines.filter((line) => LEVELS.indexOf(line.level) >= least), [log.lines, least])
  const wanted = search.toLowerCase()
  const matches = useMemo(
    () =>
      wanted === ''
        ? []
        : lines.flatMap((line, index) => (withoutAnsi(line.text).toLowerCase().includes(wanted) ? [index] : [])),
    [lines, wanted],
  )
  const at = matches.length === 0 ? null : (matches[current % matches.length] ?? null)
  const go = (step: number) => setCurrent((old) => (old + step + matches.length) % Math.max(1, matches.length))
  if (log.error !== null) return <Failure error={log.error} title="The log could not be read" />
  return (
    <section className="panel" aria-label={`Log of try ${tryNumber}`}>
      <div className="log-tools">
        <TextInput
          aria-label="Search the log"
          placeholder="Search"
          size="xs"
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value)
            setCurrent(0)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') go(event.shiftKey ? -1 : 1)
          }}
          leftSection={<Icon name="search" size={14} />}
        />
        {search !== '' && (
          <>
            <span className="quiet" style={{ fontSize: 13 }} role="status">
              {matches.length === 0 ? 'no match' : `${(current % matches.length) + 1} of ${matches.length}`}
            </span>
            <ActionIcon variant="default" aria-label="Match before" onClick={() => go(-1)}>
              <Icon name="up" size={14} />
            </ActionIcon>
            <ActionIcon variant="default" aria-label="Next match" onClick={() => go(1)}>
              <Icon name="down" size={14} />
            </ActionIcon>
          </>
        )}
        <Select
          aria-label="Least level"
          size="xs"
          w={150}
          data={[
            { value: 'debug', label: 'All levels' },
            { value: 'info', label: 'Info and above' },
            { value: 'warning', label: 'Warnings, errors' },
            { value: 'error', label: 'Errors only' },
          ]}
          value={level}
          onChange={(value) => setLevel(value ?? 'debug')}
          allowDeselect={false}
        />
        <Checkbox size="xs" label="Wrap" checked={wrap} onChange={(event) => setWrap(event.currentTarget.checked)} />
        <span className="spacer" />
        <span className="quiet" style={{ fontSize: 13 }}>
          {log.ended ? `${log.lines.length} lines` : 'live'}
        </span>
      </div>
      {lines.length === 0 ? (
        <Empty title={log.lines.length > 0 ? 'No line of this level' : log.ended ? 'It wrote no log' : 'Nothing yet'}>
          {log.lines.length === 0 && !log.ended && 'Lines appear here as the task writes them.'}
        </Empty>
      ) : (
        <LogLines lines={lines} search={wanted} at={at} wrap={wrap} />
      )}
    </section>
  )
}
