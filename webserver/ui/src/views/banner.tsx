/** What everybody must know just now, above every page: nobody leads, it drains, what is shown may be old. */
import { Button } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { useLiveStatus } from '../data/live.ts'
import { useDrain, usePlatform } from '../data/operations.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { useReportFailure } from './toasts.tsx'

interface Message {
  readonly text: string
  readonly bad: boolean
  readonly action?: ReactNode
}

/** A connection that is away for a moment is no news; one that stays away is. */
const LOST_AFTER_MS = 4_000

export function Banner() {
  const platform = usePlatform()
  const drain = useDrain()
  const may = useMay('admin')
  useReportFailure(drain.error, 'Nothing was changed')
  const status = useLiveStatus()
  const [isLost, setIsLost] = useState(false)
  useEffect(() => {
    if (status !== 'lost') return setIsLost(false)
    const timer = window.setTimeout(() => setIsLost(true), LOST_AFTER_MS)
    return () => window.clearTimeout(timer)
  }, [status])
  const messages: Message[] = []
  if (platform.data?.leading === false) {
    messages.push({ text: 'No scheduler is leading: nothing runs. Start one with: tradewind standalone', bad: true })
  }
  if (platform.data?.draining === true) {
    const action = may && (
      <Button size="compact-sm" variant="default" loading={drain.isPending} onClick={() => drain.mutate('resume')}>
        Resume
      </Button>
    )
    messages.push({ text: 'Draining: no new tries begin until somebody resumes.', bad: false, action })
  }
  if (platform.isError) messages.push({ text: `What you see may be old: ${platform.error.message}`, bad: true })
  if (isLost) messages.push({ text: 'Live updates are interrupted; connecting again …', bad: false })
  return (
    <div role="status" aria-live="polite" style={{ margin: messages.length > 0 ? '0 0 16px' : 0 }}>
      {messages.map(({ text, bad, action }) => (
        <div key={text} className={bad ? 'banner bad' : 'banner'} style={{ borderRadius: 8 }}>
          <Icon name="warning" /> <span className="banner-text">{text}</span>
          {action}
        </div>
      ))}
    </div>
  )
}
