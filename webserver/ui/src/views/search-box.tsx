/** One box over everything, in the header; `/` leads into it from anywhere but a field. On narrow screens it has a page. */
import { ActionIcon, TextInput } from '@mantine/core'
import { Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Icon } from '../drawing/icons.tsx'

export function SearchBox() {
  const field = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  useEffect(() => {
    const lead = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('[role="dialog"]') !== null) return
      event.preventDefault()
      if (field.current !== null && field.current.offsetParent !== null) field.current.select()
      else void navigate({ to: '/search', search: {} })
    }
    window.addEventListener('keydown', lead)
    return () => window.removeEventListener('keydown', lead)
  }, [navigate])
  return (
    <>
      <SearchField field={field} className="mantine-visible-from-sm" />
      <ActionIcon
        component={Link}
        to="/search"
        hiddenFrom="sm"
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Search"
      >
        <Icon name="search" />
      </ActionIcon>
    </>
  )
}

export function SearchField(props: {
  readonly field?: React.RefObject<HTMLInputElement | null>
  readonly className: string
}) {
  const navigate = useNavigate()
  const asked = useRouterState({
    select: ({ location }) =>
      location.pathname === '/search' ? String((location.search as { q?: string }).q ?? '') : '',
  })
  return (
    <search className={props.className} style={{ flex: '0 1 420px' }}>
      <form
        key={asked}
        onSubmit={(event) => {
          event.preventDefault()
          const typed = new FormData(event.currentTarget).get('q')
          const q = typeof typed === 'string' ? typed.trim() : ''
          if (q !== '') void navigate({ to: '/search', search: { q } })
        }}
      >
        <TextInput
          {...(props.field === undefined ? {} : { ref: props.field })}
          name="q"
          aria-label="Search"
          placeholder="Why did order 12345 get stuck?"
          defaultValue={asked}
          maxLength={300}
          autoComplete="off"
          leftSection={<Icon name="search" size={16} />}
          rightSection={<kbd className="search-key">/</kbd>}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur()
          }}
        />
      </form>
    </search>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
