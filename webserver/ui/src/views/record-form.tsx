/** A dialog that makes or changes one pool, variable or connection. */
import { Button, Group, NumberInput, PasswordInput, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type ListName, useSave } from '../data/operations.ts'
import { Dialog } from './dialog.tsx'
import { Failure } from './messages.tsx'

export interface RecordField {
  readonly name: string
  readonly label: string
  readonly kind: 'text' | 'number' | 'long-text' | 'secret' | 'yes-no'
  readonly description?: string
  readonly required?: boolean
  /** Names the record: not changed afterwards. */
  readonly isId?: boolean
}

export type RecordValues = Readonly<Record<string, string | number | boolean | null>>

interface Props {
  readonly list: ListName
  /** `null`: closed. */
  readonly editing: { readonly id: string | null; readonly values: RecordValues } | null
  readonly title: string
  readonly fields: readonly RecordField[]
  readonly onClose: () => void
  /** Beside the buttons, given what is typed. */
  readonly extra?: (values: RecordValues) => ReactNode
}

export function RecordDialog(props: Props) {
  const { editing, title, onClose } = props
  return (
    <Dialog opened={editing !== null} onClose={onClose} title={`${editing?.id == null ? 'New' : 'Edit'} ${title}`}>
      {editing !== null && <RecordForm {...props} editing={editing} />}
    </Dialog>
  )
}

function RecordForm({
  list,
  editing,
  fields,
  onClose,
  extra,
}: Props & { readonly editing: NonNullable<Props['editing']> }) {
  const [values, setValues] = useState(editing.values)
  const save = useSave(list)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ id: editing.id, body: bodyOf(fields, values, editing.id) }, { onSuccess: onClose })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {save.isError && <Failure error={save.error} title="Not saved" />}
        {fields.map((field) => (
          <FieldInput
            key={field.name}
            field={field}
            value={values[field.name] ?? (field.kind === 'yes-no' ? false : '')}
            disabled={field.isId === true && editing.id !== null}
            onChange={(value) => setValues((old) => ({ ...old, [field.name]: value }))}
          />
        ))}
        {extra?.(values)}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** A secret left empty stays as it was. */
export function bodyOf(fields: readonly RecordField[], values: RecordValues, id: string | null): RecordValues {
  const entries = fields.flatMap(({ name, kind, isId }) => {
    const value = values[name] ?? null
    if (kind === 'secret' && (value === '' || value === null)) return []
    if (isId === true && id !== null) return [[name, id] as const]
    return [[name, value === '' ? null : value] as const]
  })
  return Object.fromEntries(entries)
}

function FieldInput(props: {
  readonly field: RecordField
  readonly value: string | number | boolean
  readonly disabled: boolean
  readonly onChange: (value: string | number | boolean) => void
}) {
  const { field, value, disabled, onChange } = props
  const shared = {
    label: field.label,
    description: field.description,
    required: field.required === true,
    disabled,
  }
  const text = String(value)
  switch (field.kind) {
    case 'text':
      return <TextInput {...shared} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
    case 'long-text':
      return (
        <Textarea
          {...shared}
          autosize
          minRows={2}
          maxRows={12}
          value={text}
          onChange={(e) => onChange(e.currentTarget.value)}
        />
      )
    case 'secret':
      return (
        <PasswordInput
          {...shared}
          autoComplete="new-password"
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed', tabIndex: 0 }}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => onChange(next === '' ? '' : Number(next))}
          allowDecimal={false}
          hideControls
        />
      )
    case 'yes-no':
      return (
        <Switch
          label={field.label}
          description={field.description}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
  }
}
