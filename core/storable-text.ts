/** What PostgreSQL keeps as text: no NUL, no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** The same text with what cannot be stored made visible: for messages that repeat what somebody sent. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\\0').toWellFormed()
}
