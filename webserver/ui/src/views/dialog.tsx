/**
 * A dialog over the page, with its title and a way to close it; and one that asks before something cannot be taken back.
 * Its head is no `header` element as the library's own is: that would be a second banner of the page.
 */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Failure } from './messages.tsx'

interface DialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly title: string
  readonly size?: 'md' | 'lg'
  readonly children: ReactNode
}

export function Dialog({ opened, onClose, title, size = 'md', children }: DialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered>
      <Modal.Overlay />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

interface ConfirmProps extends Omit<DialogProps, 'size'> {
  /** What the button does, such as «Delete». */
  readonly verb: string
  readonly isPending: boolean
  readonly error: Error | null
  /** Nothing is lost by it. */
  readonly isHarmless?: boolean
  readonly onConfirm: () => void
}

export function ConfirmDialog(props: ConfirmProps) {
  const { verb, isPending, error, isHarmless = false, onConfirm, children, ...dialog } = props
  return (
    <Dialog {...dialog}>
      <Stack>
        <Text size="sm" component="div" className="break">
          {children}
        </Text>
        {error !== null && <Failure error={error} title="Nothing was changed" />}
        <Group justify="flex-end">
          <Button variant="default" onClick={dialog.onClose}>
            Back
          </Button>
          <Button {...(isHarmless ? {} : { color: 'red' })} loading={isPending} onClick={onConfirm}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
