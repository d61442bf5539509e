/** Instants in the reader's zone, with the Dag's zone and UTC on hover; spans in words short enough for a table. */
import { Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'

const FULL: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'medium' }

export function showInstant(iso: string, zone?: string): string {
  return new Intl.DateTimeFormat(undefined, zone === undefined ? FULL : { ...FULL, timeZone: zone }).format(
    new Date(iso),
  )
}

export function showDay(iso: string): string {
  return new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', year: 'numeric' }).format(new Date(iso))
}

/** `850 ms`, `12.4 s`, `3 min 5 s`, `2 h 10 min`. */
export function showDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–'
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1_000))} ms`
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.round((seconds % 3_600) / 60)} min`
}

/** `in 3 min`, `2 h ago`. */
export function showRelative(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1_000
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
  const size = Math.abs(seconds)
  if (size < 60) return words.format(Math.round(seconds), 'second')
  if (size < 3_600) return words.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return words.format(Math.round(seconds / 3_600), 'hour')
  return words.format(Math.round(seconds / 86_400), 'day')
}

/** The present, renewed every `everyMs`; one renewal a second is enough for a countdown. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs)
    return () => window.clearInterval(timer)
  }, [everyMs])
  return now
}

interface TimeProps {
  readonly at: string | null | undefined
  /** The Dag's. */
  readonly zone?: string | undefined
  readonly relative?: boolean
}

export function Time({ at, zone, relative = false }: TimeProps) {
  const now = useNow(15_000)
  if (at === null || at === undefined) return <span className="quiet">–</span>
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  const zones = [...new Set([own, ...(zone === undefined ? [] : [zone]), 'UTC'])]
  const label = (
    <span>
      {zones.map((name) => (
        <span key={name} style={{ display: 'block' }}>
          {showInstant(at, name)} {name}
        </span>
      ))}
    </span>
  )
  return (
    <Tooltip label={label}>
      <time dateTime={at} className="nowrap">
        {relative ? showRelative(at, now) : showInstant(at)}
      </time>
    </Tooltip>
  )
}
