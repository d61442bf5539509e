/** Triggers a run: a form drawn from the params of the Dag, or their raw JSON; both show the same conf. */
import { ActionIcon, Button, Group, JsonInput, Stack, Tabs, Text, Textarea, TextInput, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { DagDetails, JsonSchema } from '../api/types.ts'
import { type RunNames, useDag, useTrigger } from '../data/dags.ts'
import { defaultsOf, fieldsOf, type Params } from '../data/params.ts'
import { useMay } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { Dialog } from './dialog.tsx'
import { Failure, Loading } from './messages.tsx'
import { ParamsForm } from './params-form.tsx'
import { showToast } from './toasts.tsx'

export function TriggerButton({ dagId, compact = false }: { readonly dagId: string; readonly compact?: boolean }) {
  const [isOpen, { open, close }] = useDisclosure()
  if (!useMay('operator')) return null
  return (
    <>
      {compact ? (
        <Tooltip label="Trigger a run">
          <ActionIcon variant="subtle" size="lg" aria-label={`Trigger ${dagId}`} onClick={open}>
            <Icon name="play" />
          </ActionIcon>
        </Tooltip>
      ) : (
        <Button leftSection={<Icon name="play" size={16} />} onClick={open}>
          Trigger
        </Button>
      )}
      <Dialog opened={isOpen} onClose={close} title={`Trigger ${dagId}`} size="lg">
        <TriggerBody dagId={dagId} onDone={close} />
      </Dialog>
    </>
  )
}

function TriggerBody({ dagId, onDone }: { readonly dagId: string; readonly onDone: () => void }) {
  const dag = useDag(dagId)
  if (dag.isPending) return <Loading />
  if (dag.isError) return <Failure error={dag.error} />
  return <TriggerForm dag={dag.data} onDone={onDone} />
}

function TriggerForm({ dag, onDone }: { readonly dag: DagDetails; readonly onDone: () => void }) {
  const dagId = dag.dag_id
  const schema = dag.params as JsonSchema | null
  const fields = fieldsOf(schema)
  const [conf, setConf] = useState<Params>(() => defaultsOf(schema))
  const [raw, setRaw] = useState(() => JSON.stringify(conf, null, 2))
  const [isRawBroken, setIsRawBroken] = useState(false)
  const [names, setNames] = useState<RunNames>({})
  const [note, setNote] = useState('')
  const trigger = useTrigger(dagId)
  const navigate = useNavigate()

  const fromForm = (next: Params) => {
    setConf(next)
    setRaw(JSON.stringify(next, null, 2))
    setIsRawBroken(false)
  }
  const fromRaw = (text: string) => {
    setRaw(text)
    try {
      const next: unknown = JSON.parse(text)
      const isBroken = typeof next !== 'object' || next === null || Array.isArray(next)
      setIsRawBroken(isBroken)
      if (!isBroken) setConf(next as Params)
    } catch {
      setIsRawBroken(true)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const request = {
      conf,
      logical_date: null,
      ...names,
      ...(note === '' ? {} : { note }),
    }
    trigger.mutate(request, {
      onSuccess: (run) => {
        onDone()
        if (run.dag_run_id === undefined) return showToast('Triggered', 'The run begins when the scheduler takes it.')
        showToast('Run triggered', run.dag_run_id)
        void navigate({ to: '/dags/$dagId/runs/$runId', params: { dagId, runId: run.dag_run_id } })
      },
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        {trigger.isError && <Failure error={trigger.error} title="No run was made" />}
        {dag.is_paused && (
          <Text size="sm" c="dimmed">
            The Dag is paused: this run is made, and waits until the Dag is unpaused.
          </Text>
        )}
        <Tabs defaultValue={fields.length > 0 ? 'form' : 'json'}>
          <Tabs.List>
            <Tabs.Tab value="form">Form</Tabs.Tab>
            <Tabs.Tab value="json">Raw JSON</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="form" pt="md">
            {fields.length === 0 ? (
              <Text c="dimmed" size="sm">
                This Dag declares no params.
              </Text>
            ) : (
              <ParamsForm fields={fields} values={conf} onChange={fromForm} />
            )}
          </Tabs.Panel>
          <Tabs.Panel value="json" pt="md">
            <JsonInput
              label="conf"
              value={raw}
              onChange={fromRaw}
              autosize
              minRows={4}
              maxRows={18}
              error={isRawBroken ? 'conf has to be a JSON object, such as {}' : undefined}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
            />
          </Tabs.Panel>
        </Tabs>
        <Textarea label="Note" autosize minRows={1} value={note} onChange={(e) => setNote(e.currentTarget.value)} />
        <MoreFields names={names} onChange={setNames} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={trigger.isPending} disabled={isRawBroken}>
            Trigger
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const MORE = [
  { name: 'dag_run_id', label: 'Run id', description: 'Made up from the time, unless it is given.' },
  { name: 'correlation_id', label: 'Correlation id', description: 'What it is about, such as an order number.' },
  {
    name: 'trigger_key',
    label: 'Trigger key',
    description: 'Whoever triggers with it again gets this run, not another.',
  },
] as const

function MoreFields({ names, onChange }: { readonly names: RunNames; readonly onChange: (names: RunNames) => void }) {
  const [isOpen, { toggle }] = useDisclosure()
  return (
    <>
      <div>
        <Button variant="subtle" size="compact-sm" aria-expanded={isOpen} onClick={toggle}>
          {isOpen ? 'Less' : 'More'}
        </Button>
      </div>
      {isOpen &&
        MORE.map(({ name, label, description }) => (
          <TextInput
            key={name}
            label={label}
            description={description}
            maxLength={name === 'dag_run_id' ? 250 : 200}
            value={names[name] ?? ''}
            onChange={(event) => {
              const { [name]: _old, ...rest } = names
              const { value } = event.currentTarget
              onChange(value === '' ? rest : { ...rest, [name]: value })
            }}
          />
        ))}
    </>
  )
}
