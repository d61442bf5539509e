/**
 * Clear, mark or cancel, with exactly what will change shown first: the server plans it for the preview with the very
 * functions that then do it.
 */
import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { type Affected, type Change, useChange, usePreview } from '../data/runs.ts'
import { AffectedTable } from './affected-table.tsx'
import { Dialog } from './dialog.tsx'
import { Failure, Loading } from './messages.tsx'
import { showToast } from './toasts.tsx'

interface Props {
  readonly dagId: string
  readonly runId: string
  /** `null`: closed. */
  readonly change: Change | null
  readonly onClose: () => void
}

export function ChangeDialog({ dagId, runId, change, onClose }: Props) {
  return (
    <Dialog opened={change !== null} onClose={onClose} title={change === null ? '' : titleOf(change)} size="lg">
      {change !== null && <Body key={JSON.stringify(change)} {...{ dagId, runId, onClose }} start={change} />}
    </Dialog>
  )
}

function titleOf(change: Change): string {
  const what = change.kind === 'mark-run' || change.taskIds.length === 0 ? 'run' : change.taskIds.join(', ')
  switch (change.kind) {
    case 'clear':
      return `Clear ${what}: run it again`
    case 'mark':
      return `Mark ${what} as ${change.state}`
    case 'mark-run':
      return `Mark the run as ${change.state}`
    case 'cancel':
      return `Cancel ${what}`
    case 'compensate':
      return `Undo what ${what === 'run' ? 'the run' : what} did`
  }
}

function Body(props: Omit<Props, 'change'> & { readonly start: Change }) {
  const { dagId, runId, start, onClose } = props
  const [change, setChange] = useState(start)
  const preview = usePreview(dagId, runId, change)
  const act = useChange(dagId, runId)
  // The run itself changes even where none of its task instances does.
  const isOfRun = change.kind === 'mark-run' || (change.kind === 'cancel' && change.taskIds.length === 0)
  const count = preview.data?.length ?? 0
  const confirm = () =>
    act.mutate(change, {
      onSuccess: () => {
        showToast(doneOf(change), runId)
        onClose()
      },
    })
  return (
    <Stack>
      {(change.kind === 'clear' || change.kind === 'mark') && (
        <Group gap="lg" style={{ rowGap: 10 }}>
          {change.kind === 'clear' && (
            <Checkbox
              label="Only failed"
              checked={change.onlyFailed}
              onChange={(event) => setChange({ ...change, onlyFailed: event.currentTarget.checked })}
            />
          )}
          {change.taskIds.length > 0 && (
            <>
              <Checkbox
                label="Upstream too"
                checked={change.upstream}
                onChange={(event) => setChange({ ...change, upstream: event.currentTarget.checked })}
              />
              <Checkbox
                label="Downstream too"
                checked={change.downstream}
                onChange={(event) => setChange({ ...change, downstream: event.currentTarget.checked })}
              />
            </>
          )}
          {change.kind === 'clear' && (
            <>
              <Checkbox
                label="New idempotency keys"
                description="What was done before is to be done again."
                checked={change.newKeys === true}
                onChange={(event) => setChange({ ...change, newKeys: event.currentTarget.checked })}
              />
              <Checkbox
                label="Newest version"
                description="The run goes on with the Dag as it is now."
                checked={change.newest === true}
                onChange={(event) => setChange({ ...change, newest: event.currentTarget.checked })}
              />
            </>
          )}
        </Group>
      )}
      {change.kind === 'cancel' && (
        <Text size="sm">
          {change.taskIds.length === 0
            ? 'Live tries of the run are ended for good, without retry, and the run fails.'
            : 'The task instance fails for good, without retry; a live try is ended.'}
        </Text>
      )}
      {change.kind === 'cancel' && change.taskIds.length === 0 && (
        <Checkbox
          label="Undo what the run completed"
          description="Tasks that declare how are compensated, in reverse order of the graph."
          checked={change.keep !== true}
          onChange={(event) => setChange({ ...change, keep: !event.currentTarget.checked })}
        />
      )}
      {change.kind === 'compensate' && (
        <Text size="sm">
          What was completed is undone by the code that its tasks declare, each when all below it is undone. A run that
          still runs is cancelled first. The run ends as failed.
        </Text>
      )}
      {change.kind === 'mark-run' && (
        <Text size="sm">
          The run ends now as {change.state}. Tries that run are ended; task instances that have not begun are not run.
        </Text>
      )}
      {preview.isPending ? (
        <Loading />
      ) : preview.isError ? (
        <Failure error={preview.error} title="No preview" />
      ) : (
        (count > 0 || !isOfRun) && <Preview change={change} affected={preview.data} />
      )}
      {act.isError && <Failure error={act.error} title="Nothing was changed" />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          onClick={confirm}
          loading={act.isPending}
          disabled={!preview.isSuccess || (count === 0 && !isOfRun)}
          {...(change.kind === 'cancel' ? { color: 'red' } : {})}
        >
          {labelOf(change, count)}
        </Button>
      </Group>
    </Stack>
  )
}

function doneOf(change: Change): string {
  const many = change.kind !== 'mark-run' && change.taskIds.length === 1 ? (change.taskIds[0] ?? '') : 'The run'
  if (change.kind === 'clear') return `${many} is cleared`
  if (change.kind === 'compensate') return `${many} is being undone`
  return change.kind === 'cancel' ? `${many} is cancelled` : `${many} is marked as ${change.state}`
}

function labelOf(change: Change, count: number): string {
  if (change.kind === 'clear') return `Clear ${count}`
  if (change.kind === 'mark') return `Mark ${count} as ${change.state}`
  if (change.kind === 'compensate') return `Undo ${count}`
  return change.kind === 'cancel' ? 'Cancel now' : `Mark as ${change.state}`
}

function Preview({ change, affected }: { readonly change: Change; readonly affected: readonly Affected[] }) {
  if (affected.length === 0) {
    return (
      <Alert color="gray" variant="light" title="Nothing would change">
        {change.kind === 'clear' && change.onlyFailed
          ? 'Nothing here has failed. Take away «Only failed» to clear what succeeded too.'
          : change.kind === 'compensate'
            ? 'No task of this run that has done something declares how it is undone, or all of them are undone.'
            : 'No task instance fits.'}
      </Alert>
    )
  }
  return <AffectedTable affected={affected} />
}
