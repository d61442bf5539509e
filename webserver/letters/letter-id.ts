/** The name of a dead letter: `<ti_id>-<try_number>`. */
import type { TryKey } from '../../core/ids.ts'

export function letterId({ tiId, tryNumber }: TryKey): string {
  return `${tiId}-${tryNumber}`
}

export function readLetterId(text: string): TryKey {
  const [tiId = 0, tryNumber = 0] = text.split('-').map(Number)
  return { tiId, tryNumber }
}
