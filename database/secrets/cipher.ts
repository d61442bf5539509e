/**
 * Secrets at rest: AES-256-GCM, the key's id in the text, the place of the value as additional data. Invariants: a value
 * moved to another row does not decrypt; no message holds a key or a plain value; what an old key wrote can be
 * read while that key is listed.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORMAT = 'v1'

export interface Secrets {
  /** `place` names row and column, for example `connection:warehouse:password`. */
  encrypt(plain: string, place: string): string
  /** @throws when the key is not listed, or the text was changed or moved. */
  decrypt(text: string, place: string): string
  /** The same for the same text; without the current key it tells nothing of the text, not even by trying guesses. */
  fingerprint(text: string): string
  /** Whether the current key wrote it. */
  isCurrent(text: string): boolean
}

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

/** Keys as text: 32 bytes in base64 or hex. New values are written with `current`, old ones read with any. */
export function createSecrets(keys: { readonly current: string; readonly old?: readonly string[] }): Secrets {
  const current = toKey(keys.current)
  const fingerprintKey = createHmac('sha256', current.bytes).update('tradewind fingerprint').digest()
  const all = new Map([current, ...(keys.old ?? []).map(toKey)].map((key) => [key.id, key]))
  return {
    encrypt: (plain, place) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, current.bytes, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(place))
      const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${FORMAT}:${current.id}:${sealed.toString('base64')}`
    },
    decrypt: (text, place) => {
      const [format, id, body] = text.split(':')
      if (format !== FORMAT || id === undefined || body === undefined) {
        throw new Error(`The stored secret ${place} is not in a form that this version knows.`)
      }
      const key = all.get(id)
      if (!key) {
        throw new Error(
          `The stored secret ${place} was encrypted with the key ${id}, which is not among the given ones. ` +
            'Give that key as the secret key or as one of the old keys, or set the secret anew.',
        )
      }
      const sealed = Buffer.from(body, 'base64')
      try {
        const nonce = sealed.subarray(0, NONCE_BYTES)
        const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(Buffer.from(place))
        decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
        const plain = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES))
        return Buffer.concat([plain, decipher.final()]).toString('utf8')
      } catch {
        throw new Error(`The stored secret ${place} was changed or moved in the database; set it anew.`)
      }
    },
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('base64url'),
    isCurrent: (text) => text.startsWith(`${FORMAT}:${current.id}:`),
  }
}

/** A new key, as text. */
export function generateSecretKey(): string {
  return randomBytes(32).toString('base64')
}

function toKey(text: string): Key {
  const trimmed = text.trim()
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64')
  if (bytes.length !== 32) {
    throw new Error(
      `The secret key has ${bytes.length} bytes; it needs 32, in base64 or hex. \`openssl rand -base64 32\` makes one.`,
    )
  }
  return { id: createHash('sha256').update('tradewind key id').update(bytes).digest('hex').slice(0, 12), bytes }
}
