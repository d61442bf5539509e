/** Edit and delete, at the end of a row. */
import { ActionIcon, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ListName, useRemove } from '../data/operations.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { ConfirmDialog } from './dialog.tsx'

interface Props {
  readonly list: ListName
  readonly id: string
  readonly canDelete?: boolean
  readonly onEdit: () => void
}

export function RecordActions({ list, id, canDelete = true, onEdit }: Props) {
  const [isOpen, { open, close }] = useDisclosure()
  const remove = useRemove(list)
  if (!useMay('operator')) return null
  return (
    <Group gap={2} wrap="nowrap" justify="flex-end">
      <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${id}`} onClick={onEdit}>
        <Icon name="edit" size={16} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${id}`} disabled={!canDelete} onClick={open}>
        <Icon name="trash" size={16} />
      </ActionIcon>
      <ConfirmDialog
        opened={isOpen}
        onClose={close}
        title={`Delete ${id}?`}
        verb="Delete"
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(id, { onSuccess: close })}
      >
        Tasks that ask for it fail from then on.
      </ConfirmDialog>
    </Group>
  )
}
