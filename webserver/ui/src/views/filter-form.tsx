/** Filters of a page, kept in its address: fields, some of them behind «More filters», and one button that applies them. */
import { Button, Group, Select, TextInput } from '@mantine/core'
import { useState } from 'react'

export interface FilterField {
  /** In the address. */
  readonly name: string
  readonly label: string
  /** Without it, text. An instant is in the reader's zone here and UTC in the address. */
  readonly kind?: 'instant' | readonly { readonly value: string; readonly label: string }[]
  readonly placeholder?: string
  /** Only shown when asked for, or filled. */
  readonly isRare?: boolean
}

type Values = Readonly<Record<string, string | undefined>>

interface Props {
  readonly label: string
  readonly fields: readonly FilterField[]
  readonly values: Values
  readonly onFilter: (values: Readonly<Record<string, string>>) => void
}

export function FilterForm({ label, fields, values, onFilter }: Props) {
  const rare = fields.filter((field) => field.isRare === true)
  const [isOpen, setIsOpen] = useState(() => rare.some(({ name }) => values[name] !== undefined))
  const isFiltered = fields.some(({ name }) => values[name] !== undefined)
  return (
    <form
      aria-label={label}
      className="filters"
      // Fields begin anew with each address.
      key={JSON.stringify(fields.map(({ name }) => values[name] ?? ''))}
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        onFilter(Object.fromEntries(fields.flatMap((field) => filled(field, form.get(field.name)))))
      }}
    >
      {fields.map((field) => (
        <div key={field.name} className="filter" hidden={field.isRare === true && !isOpen}>
          <Field field={field} value={values[field.name] ?? ''} />
        </div>
      ))}
      <Group gap="xs">
        <Button type="submit" variant="default">
          Filter
        </Button>
        {rare.length > 0 && (
          <Button variant="subtle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? 'Fewer filters' : 'More filters'}
          </Button>
        )}
        {isFiltered && (
          <Button variant="subtle" onClick={() => onFilter({})}>
            Clear filters
          </Button>
        )}
      </Group>
    </form>
  )
}

function Field({ field, value }: { readonly field: FilterField; readonly value: string }) {
  const { name, label, kind, placeholder } = field
  if (kind === 'instant') {
    return <TextInput type="datetime-local" name={name} label={label} defaultValue={toLocal(value)} step={1} />
  }
  if (kind !== undefined) {
    return (
      <Select
        name={name}
        label={label}
        data={[...kind]}
        defaultValue={value === '' ? null : value}
        placeholder={placeholder ?? 'Any'}
        clearable
        clearButtonProps={{ 'aria-label': `Any ${label.toLowerCase()}` }}
      />
    )
  }
  return <TextInput name={name} label={label} defaultValue={value} placeholder={placeholder ?? ''} autoComplete="off" />
}

function filled({ name, kind }: FilterField, field: FormDataEntryValue | null): [string, string][] {
  const text = typeof field === 'string' ? field.trim() : ''
  if (text === '') return []
  return [[name, kind === 'instant' ? new Date(text).toISOString() : text]]
}

/** `2026-01-31T08:00:00` on the reader's clock. */
function toLocal(iso: string): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return ''
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
