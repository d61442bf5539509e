/** What became of a dead letter. */
import type { Letter } from '../api/types.ts'
import { Time } from '../drawing/time.tsx'

export function LetterStatus({
  letter,
}: {
  readonly letter: Pick<Letter, 'status' | 'actor' | 'reason' | 'settled_at'>
}) {
  const { status, actor, reason, settled_at: at } = letter
  if (status === 'open') return <>open</>
  return (
    <>
      {status} by {actor} <Time at={at} relative />
      {reason !== null && `: ${reason}`}
    </>
  )
}
