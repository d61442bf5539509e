/**
 * Redrives or discards dead letters: which ones is shown first; of a single one, every task instance that would run again.
 * What was refused is told letter by letter.
 */
import { Alert, Button, Checkbox, Group, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { LetterDetails, LettersChanged } from '../api/types.ts'
import {
  type LetterChange,
  type LetterOutcome,
  type LetterSelection,
  useChangeLetters,
  useChosenLetters,
} from '../data/letters.ts'
import { usePreview } from '../data/runs.ts'
import { AffectedTable } from './affected-table.tsx'
import { Dialog } from './dialog.tsx'
import { LetterInputs } from './letter-inputs.tsx'
import { Failure, Loading } from './messages.tsx'
import { ScrollBox } from './scroll-box.tsx'
import { showToast } from './toasts.tsx'

export interface LetterAction {
  readonly kind: LetterChange['kind']
  readonly selection: LetterSelection
  /** The only one that is meant, in full: its inputs can be changed. */
  readonly letter?: LetterDetails
}

export function LetterDialog(props: { readonly action: LetterAction | null; readonly onClose: () => void }) {
  const { action, onClose } = props
  const verb = action?.kind === 'discard' ? 'Discard' : 'Redrive'
  const what = action?.letter === undefined ? 'dead letters' : `the letter of ${action.letter.task_id}`
  return (
    <Dialog opened={action !== null} onClose={onClose} title={`${verb} ${what}`} size="lg">
      {action !== null && <Body key={JSON.stringify(action.selection)} action={action} onClose={onClose} />}
    </Dialog>
  )
}

function Body({ action, onClose }: { readonly action: LetterAction; readonly onClose: () => void }) {
  const { kind, selection, letter } = action
  const chosen = useChosenLetters(selection)
  const act = useChangeLetters(selection)
  const [newest, setNewest] = useState(false)
  const [newKeys, setNewKeys] = useState(false)
  const [inputs, setInputs] = useState<Readonly<Record<string, unknown>> | null>({})
  const [reason, setReason] = useState('')
  const letters = chosen.data?.letters ?? []
  const outcome = act.data
  if (outcome !== undefined) return <Outcome kind={kind} outcome={outcome} onClose={onClose} />
  const change: LetterChange =
    kind === 'discard'
      ? { kind, reason: reason.trim() }
      : { kind, newest, newKeys, ...(inputs === null || Object.keys(inputs).length === 0 ? {} : { inputs }) }
  const isReady = letters.length > 0 && (kind === 'discard' ? reason.trim() !== '' : inputs !== null)
  const confirm = () =>
    act.mutate(change, {
      onSuccess: ({ done, refused, more }) => {
        if (refused.length > 0 || more || done === 0) return
        showToast(`${done === 1 ? 'One letter' : `${done} letters`} ${doneWord(kind)}`)
        onClose()
      },
    })
  return (
    <Stack>
      {kind === 'discard' ? (
        <Textarea
          label="Why"
          description="Nothing is run again. The letter is kept with this reason for a while."
          required
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
      ) : (
        <>
          <Text size="sm">
            {letter?.kind === 'compensation'
              ? 'Undoing it is tried again; the task itself does not run.'
              : 'What failed runs again, with all below it. What of the run was undone meanwhile is done again first.'}
          </Text>
          <Checkbox
            label="Newest version"
            description={versionText(letter)}
            checked={newest}
            onChange={(event) => setNewest(event.currentTarget.checked)}
          />
          <Checkbox
            label="New idempotency keys"
            description="Effects that were had before are to be had again."
            checked={newKeys}
            onChange={(event) => setNewKeys(event.currentTarget.checked)}
          />
          {letter !== undefined && letter.inputs.length > 0 && <LetterInputs letter={letter} onChange={setInputs} />}
        </>
      )}
      {chosen.isPending ? (
        <Loading />
      ) : chosen.isError ? (
        <Failure error={chosen.error} title="No preview" />
      ) : kind === 'redrive' && letters.length === 1 && letters[0] !== undefined ? (
        <RunsAgain letter={letters[0]} newest={newest} />
      ) : (
        <Chosen letters={letters} isMore={chosen.data.more} />
      )}
      {act.isError && <Failure error={act.error} title="Nothing was changed" />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          disabled={!isReady}
          loading={act.isPending}
          onClick={confirm}
          {...(kind === 'discard' ? { color: 'red' } : {})}
        >
          {kind === 'discard' ? 'Discard' : 'Redrive'}
          {letters.length > 1 && ` ${letters.length}`}
        </Button>
      </Group>
    </Stack>
  )
}

type Chosen = LettersChanged['letters'][number]

function versionText(letter: LetterDetails | undefined): string {
  if (letter === undefined) return 'Runs go on with their Dags as they are now, not with the version that failed.'
  const { version_number: old, newest_version_number: now } = letter
  if (old === now) return `The Dag has not changed since: version ${now ?? 'unknown'}.`
  return `The run goes on with version ${now ?? 'unknown'} in place of ${old ?? 'one that is gone'}.`
}

/** The server plans it with the function that a redrive uses. */
function RunsAgain({ letter, newest }: { readonly letter: Chosen; readonly newest: boolean }) {
  const taskIds = [letter.task_id]
  const preview = usePreview(
    letter.dag_id,
    letter.dag_run_id,
    letter.kind === 'compensation'
      ? { kind: 'compensate', taskIds }
      : { kind: 'clear', taskIds, upstream: false, downstream: true, onlyFailed: false, newest },
  )
  if (preview.isPending) return <Loading />
  if (preview.isError) return <Failure error={preview.error} title="No preview" />
  return <AffectedTable affected={preview.data} />
}

function Chosen({ letters, isMore }: { readonly letters: readonly Chosen[]; readonly isMore: boolean }) {
  if (letters.length === 0) {
    return (
      <Alert color="gray" variant="light" title="No letter fits any more">
        Somebody else has dealt with them.
      </Alert>
    )
  }
  return (
    <div>
      <Text size="sm" mb={6}>
        {letters.length === 1 ? 'One letter is meant' : `${letters.length} letters are meant`}
        {isMore ? '; there are more, ask again for those:' : ':'}
      </Text>
      <ScrollBox label="Letters" className="chosen">
        <ul>
          {letters.map((one) => (
            <li key={one.id} className="break">
              {one.task_id}
              {one.kind === 'compensation' && ', its compensation'}{' '}
              <span className="quiet">
                {one.dag_id}, {one.dag_run_id}
              </span>
            </li>
          ))}
        </ul>
      </ScrollBox>
    </div>
  )
}

const doneWord = (kind: LetterChange['kind']) => (kind === 'redrive' ? 'redriven' : 'discarded')

function Outcome(props: {
  readonly kind: LetterChange['kind']
  readonly outcome: LetterOutcome
  readonly onClose: () => void
}) {
  const { kind, outcome, onClose } = props
  const { done, refused, more } = outcome
  return (
    <Stack>
      <Text>
        {done} {doneWord(kind)}
        {refused.length > 0 && `, ${refused.length} refused`}.
      </Text>
      {refused.length > 0 && (
        <ScrollBox label="Refused" className="chosen">
          <ul>
            {refused.map(({ id, message }) => (
              <li key={id} className="break">
                <span className="mono">{id}</span>: {message}
              </li>
            ))}
          </ul>
        </ScrollBox>
      )}
      {more && <Text size="sm">There are more, or some have no answer yet: look again and ask for those.</Text>}
      <Group justify="flex-end">
        <Button onClick={onClose}>Close</Button>
      </Group>
    </Stack>
  )
}
