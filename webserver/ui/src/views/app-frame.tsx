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
import { LETTER_EVENTS } from '../data/letter-events.ts'
import { useLiveQueries } from '../data/live.ts'
import { useDrain, useImportErrors, usePlatform } from '../data/operations.ts'
import { useMay, useSession, useSignOut } from '../data/session.ts'
import { Icon, type IconName } from '../drawing/icons.tsx'
import { Banner } from './banner.tsx'
import { ConfirmDialog } from './dialog.tsx'
import { Failure, Loading } from './messages.tsx'
import { SearchBox } from './search-box.tsx'
import { SignIn } from './sign-in.tsx'
import { Toasts } from './toasts.tsx'

const PAGES: readonly { readonly to: string; readonly label: string; readonly icon: IconName }[] = [
  { to: '/dags', label: 'Dags', icon: 'dags' },
  { to: '/letters', label: 'Dead letters', icon: 'letter' },
  { to: '/import-errors', label: 'Import errors', icon: 'warning' },
  { to: '/pools', label: 'Pools', icon: 'pool' },
  { to: '/variables', label: 'Variables', icon: 'variable' },
  { to: '/connections', label: 'Connections', icon: 'connection' },
  { to: '/events', label: 'Event log', icon: 'events' },
]

/** The number of open letters beside their page. */
const LETTERS_EVERY_MS = 3_000
const COUNTED = 10_000

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
  const platform = usePlatform()
  useLiveQueries([['import-errors'], ['platform']], { kinds: ['import_error', 'scheduler.'], everyMs: 1_000 })
  useLiveQueries([['platform']], { kinds: LETTER_EVENTS, everyMs: LETTERS_EVERY_MS })
  const open: Readonly<Record<string, number | undefined>> = {
    '/import-errors': errors.data?.length,
    '/letters': platform.data?.open_dead_letters,
  }
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
        <SearchBox />
        <ColourScheme />
        <Account name={name} role={role} />
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Pages">
        {PAGES.map(({ to, label, icon }) => (
          <Link key={to} to={to} className="nav-link" onClick={close}>
            <Icon name={icon} />
            {label}
            <OpenCount count={open[to] ?? 0} />
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

function OpenCount({ count }: { readonly count: number }) {
  if (count === 0) return null
  return (
    <span className="nav-count">
      {count.toLocaleString()}
      {count >= COUNTED && '+'}
    </span>
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
  const [isDraining, { open, close }] = useDisclosure()
  return (
    <>
      <Menu position="bottom-end" width={210}>
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
          <DrainItem onAsk={open} />
          <Menu.Item onClick={() => signOut.mutate()}>Sign out</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DrainDialog isOpen={isDraining} onClose={close} />
    </>
  )
}

function DrainItem({ onAsk }: { readonly onAsk: () => void }) {
  const platform = usePlatform()
  if (!useMay('admin') || platform.data?.draining !== false) return null
  return <Menu.Item onClick={onAsk}>Drain …</Menu.Item>
}

function DrainDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const drain = useDrain()
  return (
    <ConfirmDialog
      opened={isOpen}
      onClose={onClose}
      title="Drain the platform?"
      verb="Drain"
      isPending={drain.isPending}
      error={drain.error}
      isHarmless
      onConfirm={() => drain.mutate('drain', { onSuccess: onClose })}
    >
      No new tries begin, of any Dag; what runs may end. So the machine can be stopped without losing work. It lasts
      until somebody resumes.
    </ConfirmDialog>
  )
}
