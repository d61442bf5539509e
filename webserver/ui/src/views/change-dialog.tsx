/**
 * Clear, mark or cancel, with exactly what will change shown first: the server plans it for the preview with the very
 * functions that then do it.
 */
import { Alert, Button, Checkbox, Group, Modal, ScrollArea, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { type Affected, type Change, useChange, usePreview } from '../data/runs.ts'
import { StateBadge } from '../drawing/state.tsx'
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
    <Modal opened={change !== null} onClose={onClose} title={change === null ? '' : titleOf(change)} size="lg">
      {change !== null && <Body key={JSON.stringify(change)} {...{ dagId, runId, onClose }} start={change} />}
    </Modal>
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
  }
}

function Body(props: Omit<Props, 'change'> & { readonly start: Change }) {
  const { dagId, runId, start, onClose } = props
  const [change, setChange] = useState(start)
  const preview = usePreview(dagId, runId, change, true)
  const act = useChange(dagId, runId)
  const canPreview = change.kind === 'clear' || change.kind === 'mark'
  const count = preview.data?.length ?? 0
  const confirm = () =>
    act.mutate(change, {
      onSuccess: () => {
        showToast('Done', titleOf(change))
        onClose()
      },
    })
  return (
    <Stack>
      {(change.kind === 'clear' || change.kind === 'mark') && (
        <Group gap="lg">
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
        </Group>
      )}
      {change.kind === 'cancel' && (
        <Text size="sm">
          {change.taskIds.length === 0
            ? 'Live tries of the run are ended for good, without retry, and the run fails.'
            : 'The live try is ended for good, without retry.'}
        </Text>
      )}
      {change.kind === 'mark-run' && (
        <Text size="sm">
          The run ends now as {change.state}. Tries that run are ended; task instances that have not begun are not run.
        </Text>
      )}
      {canPreview &&
        (preview.isPending ? (
          <Loading />
        ) : preview.isError ? (
          <Failure error={preview.error} title="No preview" />
        ) : (
          <Preview change={change} affected={preview.data} />
        ))}
      {act.isError && <Failure error={act.error} title="Nothing was changed" />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          onClick={confirm}
          loading={act.isPending}
          disabled={canPreview && (preview.isPending || count === 0)}
          {...(change.kind === 'cancel' ? { color: 'red' } : {})}
        >
          {labelOf(change, count)}
        </Button>
      </Group>
    </Stack>
  )
}

function labelOf(change: Change, count: number): string {
  if (change.kind === 'clear') return `Clear ${count}`
  if (change.kind === 'mark') return `Mark ${count} as ${change.state}`
  return change.kind === 'cancel' ? 'Cancel now' : `Mark as ${change.state}`
}

function Preview({ change, affected }: { readonly change: Change; readonly affected: readonly Affected[] }) {
  if (affected.length === 0) {
    return (
      <Alert color="gray" variant="light" title="Nothing would change">
        {change.kind === 'clear' && change.onlyFailed
          ? 'Nothing here has failed. Take away «Only failed» to clear what succeeded too.'
          : 'No task instance fits.'}
      </Alert>
    )
  }
  const next = (one: Affected) => one.new_state ?? (change.kind === 'mark' ? change.state : 'none')
  return (
    <div>
      <Text size="sm" mb={6}>
        {affected.length === 1 ? 'One task instance changes:' : `${affected.length} task instances change:`}
      </Text>
      <ScrollArea.Autosize mah={260} viewportProps={{ tabIndex: 0, 'aria-label': 'What changes', role: 'region' }}>
        <table style={{ width: '100%', fontSize: 14, borderSpacing: '0 4px' }}>
          <tbody>
            {affected.map((one) => (
              <tr key={`${one.task_id}${one.new_state ?? ''}`}>
                <td className="break">{one.task_id}</td>
                <td>
                  <StateBadge state={one.state} />
                </td>
                <td aria-hidden="true">→</td>
                <td>
                  <StateBadge state={next(one)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea.Autosize>
    </div>
  )
}
