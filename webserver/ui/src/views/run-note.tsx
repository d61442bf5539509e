/** A note on a run: what the next person should know about it. */
import { Button, Group, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { Run } from '../api/types.ts'
import { useSetNote } from '../data/runs.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { useReportFailure } from './toasts.tsx'

export function RunNote({ run }: { readonly run: Run }) {
  const [draft, setDraft] = useState<string | null>(null)
  const save = useSetNote(run.dag_id, run.dag_run_id)
  const may = useMay('operator')
  useReportFailure(save.error, 'The note was not saved')
  if (draft === null) {
    return (
      <Group mt="md" gap="xs" wrap="nowrap" align="flex-start">
        {run.note !== null && (
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }} className="break">
            {run.note}
          </Text>
        )}
        {may && (
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Icon name="edit" size={14} />}
            onClick={() => setDraft(run.note ?? '')}
          >
            {run.note === null ? 'Add a note' : 'Edit'}
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
