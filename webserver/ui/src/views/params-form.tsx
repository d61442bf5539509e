/** One input for each param, by its kind. Values are those of the conf; an emptied optional one is left out of it. */
import { JsonInput, NumberInput, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ParamField, Params } from '../data/params.ts'

interface Props {
  readonly fields: readonly ParamField[]
  readonly values: Params
  readonly onChange: (values: Params) => void
}

export function ParamsForm({ fields, values, onChange }: Props) {
  const set = (name: string, value: unknown) => {
    const { [name]: _old, ...rest } = values
    onChange(value === undefined ? rest : { ...rest, [name]: value })
  }
  return (
    <Stack gap="sm">
      {fields.map((field) => (
        <Field key={field.name} field={field} value={values[field.name]} onChange={(value) => set(field.name, value)} />
      ))}
    </Stack>
  )
}

interface FieldProps {
  readonly field: ParamField
  readonly value: unknown
  readonly onChange: (value: unknown) => void
}

function Field({ field, value, onChange }: FieldProps) {
  const shared = { label: field.label, description: field.description, required: field.required }
  const text = typeof value === 'string' ? value : ''
  const empty = field.nullable ? null : undefined
  const setText = (next: string) => onChange(next === '' && !field.required ? empty : next)
  switch (field.kind) {
    case 'boolean':
      return (
        <Switch
          label={field.label}
          description={field.description}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'number':
    case 'integer':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => onChange(next === '' ? empty : Number(next))}
          allowDecimal={field.kind === 'number'}
          {...(field.minimum === undefined ? {} : { min: field.minimum })}
          {...(field.maximum === undefined ? {} : { max: field.maximum })}
          clampBehavior="none"
          hideControls
        />
      )
    case 'choice':
      return (
        <Select
          {...shared}
          data={field.choices.map((choice) => ({ value: JSON.stringify(choice), label: String(choice) }))}
          value={value === undefined ? null : JSON.stringify(value)}
          onChange={(next) => onChange(next === null ? undefined : JSON.parse(next))}
          clearable={!field.required}
          clearButtonProps={{ 'aria-label': `Empty ${field.label}` }}
        />
      )
    case 'long-text':
      return <Textarea {...shared} autosize minRows={3} value={text} onChange={(e) => setText(e.currentTarget.value)} />
    case 'date':
      return <TextInput {...shared} type="date" value={text} onChange={(e) => setText(e.currentTarget.value)} />
    case 'date-time':
      return (
        <TextInput
          {...shared}
          placeholder="2026-01-31T08:00:00Z"
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
        />
      )
    case 'json':
      return <JsonField field={field} value={value} onChange={onChange} />
    case 'text':
      return <TextInput {...shared} value={text} onChange={(event) => setText(event.currentTarget.value)} />
  }
}

function JsonField({ field, value, onChange }: FieldProps) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value, null, 2))
  return (
    <JsonInput
      label={field.label}
      description={field.description ?? 'As JSON'}
      required={field.required}
      autosize
      minRows={2}
      validationError="This is not JSON yet"
      value={text}
      onChange={(next) => {
        setText(next)
        try {
          onChange(next === '' ? undefined : JSON.parse(next))
        } catch {
          // Half-typed: the input says so itself, and the value stays what it was.
        }
      }}
    />
  )
}
