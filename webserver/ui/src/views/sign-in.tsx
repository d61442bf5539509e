/** The sign-in form: all there is to see for somebody who is not signed in. */
import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useSignIn } from '../data/session.ts'
import { Icon } from '../drawing/icons.tsx'
import { Failure } from './messages.tsx'

export function SignIn() {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useSignIn()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate({ name, password })
  }
  return (
    <main style={{ minHeight: '100vh', display: 'grid', placeItems: 'center', padding: 16 }}>
      <Paper withBorder p="xl" radius="lg" w="100%" maw={380} component="form" onSubmit={submit}>
        <Stack>
          <span className="brand">
            <Icon name="brand" size={26} /> Tradewind
          </span>
          <Title order={1} size="h2">
            Sign in
          </Title>
          {signIn.isError && <Failure error={signIn.error} title="Not signed in" />}
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoComplete="username"
            autoCapitalize="none"
            required
            withAsterisk={false}
            data-autofocus
          />
          <PasswordInput
            label="Password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
          />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            The first start prints the password of <b>admin</b> once. Lost it? On the machine itself:{' '}
            <span className="mono">tradewind users reset-admin</span>
          </Text>
        </Stack>
      </Paper>
    </main>
  )
}
