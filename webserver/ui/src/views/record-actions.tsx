/** Edit and delete, at the end of a row. */
import { ActionIcon, Button, Group, Modal, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ListName, useRemove } from '../data/operations.ts'
import { Icon } from '../drawing/icons.tsx'
import { Failure } from './messages.tsx'

interface Props {
  readonly list: ListName
  readonly id: string
  readonly disabled: boolean
  readonly canDelete?: boolean
  readonly onEdit: () => void
}

export function RecordActions({ list, id, disabled, canDelete = true, onEdit }: Props) {
  const [isOpen, { open, close }] = useDisclosure()
  const remove = useRemove(list)
  return (
    <Group gap={2} wrap="nowrap" justify="flex-end">
      <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${id}`} disabled={disabled} onClick={onEdit}>
        <Icon name="edit" size={16} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Delete ${id}`}
        disabled={disabled || !canDelete}
        onClick={open}
      >
        <Icon name="trash" size={16} />
      </ActionIcon>
      <Modal opened={isOpen} onClose={close} title={`Delete ${id}?`}>
        {remove.isError && <Failure error={remove.error} title="Not deleted" />}
        <Text size="sm">Tasks that ask for it fail from then on.</Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>
            Back
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate(id, { onSuccess: close })}>
            Delete
          </Button>
        </Group>
      </Modal>
    </Group>
  )
}
