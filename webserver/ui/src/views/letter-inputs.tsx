/** Other arguments for one dead letter, as JSON. Only those that differ are sent; what is wrong is said while it is typed. */
import { JsonInput, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import type { LetterDetails } from '../api/types.ts'

type Inputs = Readonly<Record<string, unknown>>

interface Props {
  readonly letter: Pick<LetterDetails, 'inputs'>
  /** Those that differ; `null` while what is typed is none. */
  readonly onChange: (inputs: Inputs | null) => void
}

export function LetterInputs({ letter, onChange }: Props) {
  const before: Inputs = Object.fromEntries(
    letter.inputs.flatMap((one) => (one.truncated ? [] : [[one.name, one.value] as const])),
  )
  const names = letter.inputs.map(({ name }) => name)
  const cut = letter.inputs.filter((one) => one.truncated).map(({ name }) => name)
  const [isOpen, setIsOpen] = useState(false)
  const [text, setText] = useState(() => JSON.stringify(before, null, 2))
  const read = readInputs(text, names)
  const differing = typeof read === 'string' ? {} : changesOf(before, read)
  const set = (open: boolean, next: string) => {
    setIsOpen(open)
    setText(next)
    const found = readInputs(next, names)
    onChange(!open ? {} : typeof found === 'string' ? null : changesOf(before, found))
  }
  const changed = Object.keys(differing)
  return (
    <div>
      <Switch label="With other inputs" checked={isOpen} onChange={(event) => set(event.currentTarget.checked, text)} />
      {isOpen && (
        <>
          <JsonInput
            mt="xs"
            label="Inputs"
            description={
              cut.length === 0
                ? 'What is left as it is, is bound as before.'
                : `${cut.join(', ')}: too large to be shown; it stays as it is unless it is named here.`
            }
            autosize
            minRows={3}
            maxRows={16}
            value={text}
            onChange={(next) => set(true, next)}
            error={typeof read === 'string' ? read : undefined}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          />
          <Text size="sm" mt={4} role="status">
            {changed.length === 0 ? 'Nothing is changed yet.' : `Changed: ${changed.join(', ')}`}
          </Text>
        </>
      )}
    </div>
  )
}

/** A sentence when they cannot be taken. */
function readInputs(text: string, names: readonly string[]): Inputs | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'Inputs are an object with a value for each name, such as { "amount": 12 }'
  }
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown === undefined) return value as Inputs
  return `The task has no input "${unknown}"; it has ${names.join(', ')}`
}

function changesOf(before: Inputs, after: Inputs): Inputs {
  const differs = ([name, value]: readonly [string, unknown]) => JSON.stringify(value) !== JSON.stringify(before[name])
  return Object.fromEntries(Object.entries(after).filter(differs))
}
