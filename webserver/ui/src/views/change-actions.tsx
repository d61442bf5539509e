/** Clear and more, for a run or a task instance; each choice shows first what it would change. Nothing for viewers. */
import { Button, Group, Menu } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { Change } from '../data/runs.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { ChangeDialog } from './change-dialog.tsx'

export interface ChangeChoice {
  readonly label: string
  readonly change: Change
  readonly isDisabled?: boolean
  readonly isGrave?: boolean
}

interface Props {
  readonly dagId: string
  readonly runId: string
  readonly clear: Change
  readonly choices: readonly ChangeChoice[]
  /** Further entries of the menu. */
  readonly children?: ReactNode
}

export function ChangeActions({ dagId, runId, clear, choices, children }: Props) {
  const [change, setChange] = useState<Change | null>(null)
  if (!useMay('operator')) return null
  return (
    <Group gap="xs">
      <Button variant="default" leftSection={<Icon name="rerun" size={16} />} onClick={() => setChange(clear)}>
        Clear
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<Icon name="down" size={14} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {choices.map((one) => (
            <Menu.Item
              key={one.label}
              disabled={one.isDisabled === true}
              {...(one.isGrave === true ? { color: 'red' } : {})}
              onClick={() => setChange(one.change)}
            >
              {one.label}
            </Menu.Item>
          ))}
          {children}
        </Menu.Dropdown>
      </Menu>
      <ChangeDialog dagId={dagId} runId={runId} change={change} onClose={() => setChange(null)} />
    </Group>
  )
}
