/** A note on a run or a task instance: what the next person should know about it. */
import { Button, Group, Text, Textarea } from '@mantine/core'
import type { UseMutationResult } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { useReportFailure } from './toasts.tsx'

/** The most the API takes. */
const MOST_LETTERS = 1_000

interface Props {
  readonly note: string | null
  readonly save: UseMutationResult<unknown, Error, string | null>
}

export function Note({ note, save }: Props) {
  const [draft, setDraft] = useState<string | null>(null)
  const may = useMay('operator')
  useReportFailure(save.error, 'The note was not saved')
  if (draft === null) {
    if (note === null && !may) return null
    return (
      <Group mt="md" gap="xs" wrap="nowrap" align="flex-start">
        {note !== null && (
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }} className="break">
            {note}
          </Text>
        )}
        {may && (
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Icon name="edit" size={14} />}
            {...(note === null ? { ml: -8 } : {})}
            onClick={() => setDraft(note ?? '')}
          >
            {note === null ? 'Add a note' : 'Edit the note'}
          </Button>
        )}
      </Group>
    )
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(draft.trim() === '' ? null : draft, { onSuccess: () => setDraft(null) })
      }}
    >
      <Textarea
        mt="md"
        label="Note"
        autosize
        minRows={2}
        maxLength={MOST_LETTERS}
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        data-autofocus
      />
      <Group mt="xs" gap="xs">
        <Button type="submit" size="xs" loading={save.isPending}>
          Save
        </Button>
        <Button variant="default" size="xs" onClick={() => setDraft(null)}>
          Back
        </Button>
      </Group>
    </form>
  )
}
