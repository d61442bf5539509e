/** Short messages in the corner, for what was done or refused where no better place is. They stay until read: 6 s, failures 12 s. */
import { Notification } from '@mantine/core'
import { useEffect, useSyncExternalStore } from 'react'
import { COMMAND_WAITS } from '../api/request.ts'

interface Toast {
  readonly id: number
  readonly title: string
  readonly text: string
  readonly bad: boolean
}

let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

const dismiss = (id: number) => set(toasts.filter((toast) => toast.id !== id))

export function showToast(title: string, text = '', bad = false): void {
  const id = nextId++
  set([...toasts.slice(-3), { id, title, text, bad }])
  window.setTimeout(() => dismiss(id), bad ? 12_000 : 6_000)
}

export function useReportFailure(error: Error | null, title: string): void {
  useEffect(() => {
    if (error !== null) showToast(title, error.message, true)
  }, [error, title])
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  useEffect(() => {
    const tell = () => showToast('Waiting for the scheduler', 'It has not answered yet; what comes of it is told here.')
    window.addEventListener(COMMAND_WAITS, tell)
    return () => window.removeEventListener(COMMAND_WAITS, tell)
  }, [])
  return (
    <div className="toast" role="status" aria-live="polite">
      {shown.map(({ id, title, text, bad }) => (
        <Notification
          key={id}
          title={title}
          color={bad ? 'red' : 'green'}
          withBorder
          // The library's own grey is too light.
          styles={{ description: { color: 'var(--quiet)' } }}
          closeButtonProps={{ 'aria-label': 'Dismiss' }}
          onClose={() => dismiss(id)}
        >
          {text}
        </Notification>
      ))}
    </div>
  )
}
