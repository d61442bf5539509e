/** Medians and the like. No mean anywhere: one checkpoint of the database would be in all of it. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Between two values the nearer of both by weight (linear); of an empty list NaN. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** `1.23 (1.10 to 1.41)`: the median with the smallest and the largest, so that noise shows. */
export function spread(values: readonly number[], digits = 2): string {
  const shown = (value: number) => value.toFixed(digits)
  return `${shown(median(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`
}

export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits))
}
