/** Encryption at rest: what is written can be read with its key and at its place only. */
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConnection, saveConnection } from '../../database/connections.ts'
import { createSecrets, generateSecretKey } from '../../database/secrets/cipher.ts'
import { addKey, openKeyFile } from '../../database/secrets/key-file.ts'
import { rotateSecrets } from '../../database/secrets/rotate-secrets.ts'
import { readVariable, saveVariable } from '../../database/variables.ts'
import { createTestDatabase } from '../support/test-database.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-key-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('secrets', () => {
  const key = generateSecretKey()
  const secrets = createSecrets({ current: key })

  it('come back as they were, and never look the same twice', () => {
    for (const plain of ['', 'hunter2', 'ü𝄞\n\0', 'x'.repeat(100_000)]) {
      const text = secrets.encrypt(plain, 'variable:a')
      expect(secrets.decrypt(text, 'variable:a')).toBe(plain)
      expect(secrets.encrypt(plain, 'variable:a')).not.toBe(text)
    }
  })

  it('cannot be moved, changed, shortened or read with another key', () => {
    const text = secrets.encrypt('hunter2', 'variable:a')
    expect(() => secrets.decrypt(text, 'variable:b')).toThrow(/variable:b was changed or moved/)
    const [format, id, body] = text.split(':') as [string, string, string]
    const bytes = Buffer.from(body, 'base64')
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i]! ^= 1
      expect(() => secrets.decrypt(`${format}:${id}:${changed.toString('base64')}`, 'variable:a')).toThrow(/changed/)
      const shorter = bytes.subarray(0, i).toString('base64')
      expect(() => secrets.decrypt(`${format}:${id}:${shorter}`, 'variable:a')).toThrow(/changed|form/)
    }
    const other = createSecrets({ current: generateSecretKey() })
    expect(() => other.decrypt(text, 'variable:a')).toThrow(/not among the given/)
    expect(() => createSecrets({ current: 'short' })).toThrow(/openssl rand -base64 32/)
  })

  it('are encrypted anew by a rotation, after which the old key is not needed', async () => {
    const { pool } = await createTestDatabase()
    const row = { id: 'c', type: 't', host: null, schema: null, login: null, password: 'p', port: null, extra: '{}' }
    await saveConnection(pool, secrets, row)
    await saveVariable(pool, secrets, { key: 'v', value: 'hunter2', isSecret: true, description: null })
    await saveVariable(pool, secrets, { key: 'plain', value: 'p', isSecret: false, description: null })
    const current = generateSecretKey()
    const both = createSecrets({ current, old: [key] })
    expect(await rotateSecrets(pool, both)).toBe(3)
    expect(await rotateSecrets(pool, both)).toBe(0)
    const onlyNew = createSecrets({ current })
    expect(await readVariable(pool, onlyNew, 'v')).toMatchObject({ value: 'hunter2' })
    expect(await readVariable(pool, onlyNew, 'plain')).toMatchObject({ value: 'p' })
    expect(await readConnection(pool, onlyNew, 'c')).toEqual(row)
    await expect(readVariable(pool, secrets, 'v')).rejects.toThrow(/not among the given/)
  })

  it('have a key file that only its owner reads, made once', async () => {
    const path = join(folder, 'deep', 'secret.key')
    const made = await Promise.all(Array.from({ length: 10 }, () => openKeyFile(path)))
    expect(new Set(made.map((file) => file.current)).size).toBe(1)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const next = await addKey(path)
    expect(next.old).toEqual([made[0]!.current])
    expect(await openKeyFile(path)).toEqual(next)
    expect(await readFile(path, 'utf8')).toBe(`${next.current}\n${made[0]!.current}\n`)
    await chmod(path, 0o644)
    await expect(openKeyFile(path)).rejects.toThrow(/chmod 600/)
  })
})
