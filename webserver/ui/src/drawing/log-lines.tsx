/** Log lines, only those in sight: one fixed height each, unless long lines are wrapped and measured. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef } from 'react'
import type { LiveLogLine } from '../api/live-socket.ts'
import { ansiSpans } from './ansi.ts'

const LINE = 20

interface Props {
  readonly lines: readonly LiveLogLine[]
  /** In lower case. */
  readonly search: string
  /** Index of the match to bring into sight. */
  readonly at: number | null
  readonly wrap: boolean
}

export function LogLines({ lines, search, at, wrap }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE,
    overscan: 20,
  })
  const count = lines.length
  useLayoutEffect(() => {
    const element = frame.current
    if (element !== null && follows.current && count > 0) element.scrollTop = element.scrollHeight
  }, [count])
  useEffect(() => {
    if (at !== null) rows.scrollToIndex(at, { align: 'center' })
  }, [at, rows])
  return (
    <div
      ref={frame}
      className="log-view"
      role="log"
      aria-label="Log"
      aria-live="off"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollTop + clientHeight >= scrollHeight - 2 * LINE
      }}
    >
      <div style={{ height: rows.getTotalSize(), position: 'relative', minWidth: wrap ? undefined : 'max-content' }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const line = lines[index]
          if (line === undefined) return null
          return (
            <div
              key={index}
              ref={wrap ? rows.measureElement : undefined}
              data-index={index}
              data-level={line.level}
              data-source={line.source}
              className={wrap ? 'log-line wrap' : 'log-line'}
              style={{ position: 'absolute', top: start, left: 0, minWidth: '100%', width: wrap ? '100%' : undefined }}
            >
              <time dateTime={new Date(line.at).toISOString()}>{clock(line.at)}</time>
              <span className="level">{line.level === 'warning' ? 'warn' : line.level}</span>
              <span className="text">
                <Text text={line.text} search={search} />
                {line.fields !== undefined && <span className="quiet"> {fieldsText(line.fields)}</span>}
              </span>
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Text({ text, search }: { readonly text: string; readonly search: string }) {
  let offset = 0
  return ansiSpans(text).map((span) => {
    const key = offset
    offset += span.text.length
    const style = {
      ...(span.colour === null ? {} : { color: span.colour }),
      ...(span.bold ? { fontWeight: 700 } : {}),
    }
    return (
      <span key={key} style={style}>
        <Marked text={span.text} search={search} />
      </span>
    )
  })
}

function Marked({ text, search }: { readonly text: string; readonly search: string }) {
  const at = search === '' ? -1 : text.toLowerCase().indexOf(search)
  if (at < 0) return text
  const end = at + search.length
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, end)}</mark>
      <Marked text={text.slice(end)} search={search} />
    </>
  )
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

function clock(at: number): string {
  return `${CLOCK.format(at)}.${String(at % 1_000).padStart(3, '0')}`
}
