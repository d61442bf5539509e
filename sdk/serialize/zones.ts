/**
 * Time zones, from the data Node brings: which exist, which was meant, and which instant a local time is. The rule at
 * daylight saving is that of the schedules: in a gap forward, of two equal times the second.
 */
import { nearestName } from '../nearest-name.ts'

const DAY = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat | null>()

function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone)
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
        era: 'short',
      })
    } catch {
      format = null
    }
    formats.set(zone, format)
  }
  return format
}

/** Whether `zone` is an IANA name. Bare offsets (`+02:00`) are none: they know no daylight saving. */
export function isZone(zone: unknown): zone is string {
  return typeof zone === 'string' && /^[A-Za-z]/.test(zone) && formatOf(zone) !== null
}

/** The name most likely meant: by spelling, or by its city alone. */
export function nearestZone(zone: string): string | undefined {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  const city = zone.toLowerCase().replaceAll(' ', '_')
  return (
    known.find((name) => name.toLowerCase() === city || name.toLowerCase().endsWith(`/${city}`)) ??
    nearestName(zone, known) ??
    known.find((name) => nearestName(city, [name.slice(name.lastIndexOf('/') + 1)]) !== undefined && city.length > 4)
  )
}

/** Milliseconds that clocks in `zone` are ahead of UTC at `instant`. */
function offsetAt(zone: string, instant: number): number {
  const parts: Record<string, string> = {}
  for (const { type, value } of formatOf(zone)!.formatToParts(instant)) parts[type] = value
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year)
  const wall = new Date(0)
  wall.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day))
  wall.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second))
  return wall.getTime() - Math.floor(instant / 1_000) * 1_000
}

/** The instant of a local time, given as if it were UTC. */
export function instantOfLocal(zone: string, wall: number): number {
  const before = offsetAt(zone, wall - 1.5 * DAY)
  const after = offsetAt(zone, wall + 1.5 * DAY)
  const found = [wall - after, wall - before].filter((instant) => offsetAt(zone, instant) === wall - instant)
  return found.length === 0 ? wall - before : Math.max(...found)
}
