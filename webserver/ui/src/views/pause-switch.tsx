/** Whether a Dag's schedule makes runs. */
import { Switch, Tooltip } from '@mantine/core'
import { usePause } from '../data/dags.ts'
import { useMay } from '../data/session.ts'
import { useReportFailure } from './toasts.tsx'

export function PauseSwitch({ dagId, isPaused }: { readonly dagId: string; readonly isPaused: boolean }) {
  const pause = usePause(dagId)
  const may = useMay('operator')
  useReportFailure(pause.error, `${dagId} was not ${isPaused ? 'unpaused' : 'paused'}`)
  const shown = pause.isPending ? !pause.variables : !isPaused
  return (
    <Tooltip label={isPaused ? 'Paused: its schedule makes no runs' : 'Active: its schedule makes runs'}>
      <div>
        <Switch
          aria-label={`Schedule of ${dagId} is active`}
          checked={shown}
          disabled={!may || pause.isPending}
          onChange={(event) => pause.mutate(!event.currentTarget.checked)}
        />
      </div>
    </Tooltip>
  )
}
