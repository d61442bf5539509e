/** What stands where nothing else does: still loading, failed, empty, or not there. */
import { Alert, Loader } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export function Failure({ error, title = 'This could not be read' }: { error: unknown; title?: string }) {
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <span className="break" style={{ whiteSpace: 'pre-wrap' }}>
        {error instanceof Error ? error.message : String(error)}
      </span>
    </Alert>
  )
}

export function Loading() {
  return (
    <div className="empty">
      <Loader size="sm" aria-label="Loading" role="status" />
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  )
}

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <Link to="/dags" className="plain">
        All Dags
      </Link>
    </Empty>
  )
}
