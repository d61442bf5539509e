/**
 * Brands: how one copy of this package knows the objects of another (the author's own dependency, the program's). Kept in
 * properties under `Symbol.for`, never by `instanceof`; they do not show up when an object is printed, spread or serialized.
 */

/** What a branded object is. The value under the brand is the record behind it, or `true`. */
export const BRANDS = {
  dag: Symbol.for('tradewind.dag'),
  task: Symbol.for('tradewind.task'),
  factory: Symbol.for('tradewind.factory'),
  group: Symbol.for('tradewind.group'),
  gate: Symbol.for('tradewind.gate'),
  param: Symbol.for('tradewind.param'),
  label: Symbol.for('tradewind.label'),
  trigger: Symbol.for('tradewind.trigger'),
  error: Symbol.for('tradewind.error'),
} as const
export type Brand = keyof typeof BRANDS

/** Puts `record` under the brand. */
export function brand(target: object, name: Brand, record: unknown): void {
  Object.defineProperty(target, BRANDS[name], {
    value: record,
    enumerable: false,
    writable: false,
    configurable: false,
  })
}

/** The record under the brand, or `undefined` for anything that does not carry it. Never throws, whatever `value` is. */
export function branded<T>(value: unknown, name: Brand): T | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return Reflect.get(value, BRANDS[name]) as T | undefined
  } catch {
    return undefined
  }
}
