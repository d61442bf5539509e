/** What scrolls has to be reachable by keyboard: a region with a name and a tab stop. */
import { Box } from '@mantine/core'
import type { ReactNode } from 'react'

export function ScrollBox(props: {
  readonly label: string
  readonly className: string
  readonly as?: 'section' | 'pre'
  readonly children: ReactNode
}) {
  return (
    <Box
      component={props.as ?? 'section'}
      className={props.className}
      aria-label={props.label}
      role="region"
      tabIndex={0}
    >
      {props.children}
    </Box>
  )
}

/** A value as JSON, indented. */
export function JsonBox({ label, value }: { readonly label: string; readonly value: unknown }) {
  return (
    <ScrollBox as="pre" label={label} className="json">
      {JSON.stringify(value, null, 2)}
    </ScrollBox>
  )
}
