/** The top of each page: where one is, its title, and what one can do here. Sets the title of the browser's tab too. */
import { Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

export function PageHeading(props: {
  readonly title: string
  readonly trail?: ReactNode
  readonly beside?: ReactNode
  readonly actions?: ReactNode
}) {
  const { title, trail, beside, actions } = props
  useEffect(() => {
    document.title = `${title} · Tradewind`
  }, [title])
  return (
    <>
      {trail !== undefined && (
        <nav aria-label="Breadcrumb" className="quiet break" style={{ fontSize: 13.5, marginBottom: 4 }}>
          {trail}
        </nav>
      )}
      <div className="page-title">
        <Title order={1}>{title}</Title>
        {beside}
        <span className="spacer" />
        {actions}
      </div>
    </>
  )
}
