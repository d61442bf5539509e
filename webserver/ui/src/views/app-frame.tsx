/** The frame around every page: navigation, who is signed in, light and dark, and what everybody must know just now. */
import {
  ActionIcon,
  AppShell,
  Burger,
  Menu,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useLiveQueries, useLiveStatus } from '../data/live.ts'
import { useImportErrors, usePlatform } from '../data/operations.ts'
import { useSession, useSignOut } from '../data/session.ts'
import { Icon, type IconName } from '../drawing/icons.tsx'
import { Failure, Loading } from './messages.tsx'
import { SignIn } from './sign-in.tsx'
import { Toasts } from './toasts.tsx'

const PAGES: readonly { readonly to: string; readonly label: string; readonly icon: IconName }[] = [
  { to: '/dags', label: 'Dags', icon: 'dags' },
  { to: '/import-errors', label: 'Import errors', icon: 'warning' },
  { to: '/pools', label: 'Pools', icon: 'pool' },
  { to: '/variables', label: 'Variables', icon: 'variable' },
  { to: '/connections', label: 'Connections', icon: 'connection' },
  { to: '/events', label: 'Event log', icon: 'events' },
]

export function AppFrame() {
  const session = useSession()
  if (session.isPending) return <Loading />
  if (session.isError) {
    return (
      <main style={{ maxWidth: 480, margin: '15vh auto', padding: 16 }}>
        <Failure error={session.error} title="Tradewind cannot be reached" />
      </main>
    )
  }
  return session.data === null ? <SignIn /> : <Frame name={session.data.name} role={session.data.role} />
}

function Frame({ name, role }: { readonly name: string; readonly role: string }) {
  const [isOpen, { toggle, close }] = useDisclosure()
  const errors = useImportErrors()
  useLiveQueries([['import-errors'], ['platform']], { kinds: ['import_error', 'scheduler.'], everyMs: 1_000 })
  return (
    <AppShell
      header={{ height: 54 }}
      navbar={{ width: 212, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <AppShell.Header style={{ display: 'flex', alignItems: 'center', gap: 12, padding: '0 14px' }}>
        <a href="#main" className="skip-link">
          Skip to the content
        </a>
        <Burger
          opened={isOpen}
          onClick={toggle}
          hiddenFrom="sm"
          size="sm"
          aria-label="Navigation"
          aria-expanded={isOpen}
        />
        <Link to="/dags" className="brand">
          <Icon name="brand" size={24} /> Tradewind
        </Link>
        <span className="spacer" />
        <ColourScheme />
        <Account name={name} role={role} />
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Pages">
        {PAGES.map(({ to, label, icon }) => (
          <Link key={to} to={to} className="nav-link" onClick={close}>
            <Icon name={icon} />
            {label}
            {to === '/import-errors' && (errors.data?.length ?? 0) > 0 && (
              <span style={{ marginLeft: 'auto', color: 'var(--state-failed)', fontWeight: 700 }}>
                {errors.data?.length}
              </span>
            )}
          </Link>
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} style={{ outline: 'none' }}>
        <Banner />
        <Outlet />
      </AppShell.Main>
      <Toasts />
    </AppShell>
  )
}

/** A connection that is away for a moment is no news; one that stays away is. */
const LOST_AFTER_MS = 4_000

function Banner() {
  const platform = usePlatform()
  const status = useLiveStatus()
  const [isLost, setIsLost] = useState(false)
  useEffect(() => {
    if (status !== 'lost') return setIsLost(false)
    const timer = window.setTimeout(() => setIsLost(true), LOST_AFTER_MS)
    return () => window.clearTimeout(timer)
  }, [status])
  const messages: { readonly text: string; readonly bad: boolean }[] = []
  if (platform.data?.leading === false) {
    messages.push({ text: 'No scheduler is leading: nothing runs. Start one with: tradewind standalone', bad: true })
  }
  if (platform.data?.draining === true) {
    messages.push({ text: 'Draining: no new tries begin until somebody resumes: tradewind resume', bad: false })
  }
  if (platform.isError) messages.push({ text: `What you see may be old: ${platform.error.message}`, bad: true })
  if (isLost) messages.push({ text: 'Live updates are interrupted; connecting again …', bad: false })
  return (
    <div role="status" aria-live="polite" style={{ margin: messages.length > 0 ? '0 0 16px' : 0 }}>
      {messages.map(({ text, bad }) => (
        <div key={text} className={bad ? 'banner bad' : 'banner'} style={{ borderRadius: 8 }}>
          <Icon name="warning" /> <span>{text}</span>
        </div>
      ))}
    </div>
  )
}

function ColourScheme() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <Tooltip label={`Switch to ${other}`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Switch to ${other}`}
        onClick={() => setColorScheme(other)}
      >
        <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
      </ActionIcon>
    </Tooltip>
  )
}

function Account({ name, role }: { readonly name: string; readonly role: string }) {
  const signOut = useSignOut()
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <UnstyledButton aria-label={`Account of ${name}`} style={{ display: 'flex', gap: 6, alignItems: 'center' }}>
          <Icon name="user" /> <span style={{ fontSize: 14 }}>{name}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}, {role}
        </Menu.Label>
        <Menu.Item component="a" href="/api/v2/docs" target="_blank" rel="noreferrer">
          API reference
        </Menu.Item>
        <Menu.Item onClick={() => signOut.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
