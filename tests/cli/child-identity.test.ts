/** Which user runs the code of Dag files; tried with real processes, so most of it needs root. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { chooseChildIdentity } from '../../cli/child-identity.ts'

const root = mkdtempSync(join(tmpdir(), 'tradewind-identity-'))
const open = join(root, 'open')
const closed = join(root, 'closed')
mkdirSync(open)
mkdirSync(closed, { mode: 0o700 })
chmodSync(root, 0o755)
chmodSync(open, 0o755)
afterAll(() => rmSync(root, { recursive: true }))

describe('not root', () => {
  test('the same user, without a word', async () => {
    const chosen = await chooseChildIdentity({ wanted: null, ownUid: 1000, folders: [closed] })
    expect(chosen).toEqual({ identity: null, warning: null })
  })

  test('another user is refused with the remedy', async () => {
    const attempt = chooseChildIdentity({ wanted: '4711', ownUid: 1000, folders: [] })
    await expect(attempt).rejects.toThrow(/only root may start processes as another user/)
  })
})

test('a user nobody knows is refused', async () => {
  const attempt = chooseChildIdentity({ wanted: 'no-such-user', ownUid: 0, folders: [] })
  await expect(attempt).rejects.toThrow(/no-such-user.*no such user/)
})

describe.skipIf(process.getuid?.() !== 0)('root', () => {
  test('an unprivileged user where the folders can be read', async () => {
    const { identity, warning } = await chooseChildIdentity({ wanted: null, ownUid: 0, folders: [open] })
    expect(identity?.uid).toBeGreaterThan(0)
    expect(warning).toBeNull()
  })

  test('a folder it cannot read: the same user with a warning that names the folder', async () => {
    const { identity, warning } = await chooseChildIdentity({ wanted: null, ownUid: 0, folders: [open, closed] })
    expect(identity).toBeNull()
    expect(warning).toContain(closed)
    expect(warning).toContain('executor.child_user')
  })

  test('asked for by name or number', async () => {
    const byName = await chooseChildIdentity({ wanted: 'nobody', ownUid: 0, folders: [open] })
    const byNumber = await chooseChildIdentity({ wanted: '4711:4712', ownUid: 0, folders: [open] })
    expect(byName.identity?.uid).toBeGreaterThan(0)
    expect(byNumber.identity).toEqual({ uid: 4711, gid: 4712 })
    await expect(chooseChildIdentity({ wanted: 'nobody', ownUid: 0, folders: [closed] })).rejects.toThrow(closed)
  })

  test('the same user when asked for', async () => {
    expect(await chooseChildIdentity({ wanted: 'same', ownUid: 0, folders: [closed] })).toEqual({
      identity: null,
      warning: null,
    })
  })
})
