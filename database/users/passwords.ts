/**
 * Passwords as scrypt hashes, and random secrets. Invariants: parameters stand in the hash, so they can rise without
 * breaking old ones; few hashes are computed at once, because each takes 128 MB; checking a password of nobody takes as
 * long as checking one of somebody.
 */
import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

const LOG_N = 17
const BLOCK = 8
const KEY_BYTES = 32
const MAX_MEMORY = 256 * 1024 * 1024
const MOST_AT_ONCE = 2
const MOST_WAITING = 32

export const SHORTEST_PASSWORD = 10
export const LONGEST_PASSWORD = 1_000

/** Too many passwords are being checked at once; try again in a moment. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** `scrypt$17$8$1$<salt>$<hash>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, LOG_N, BLOCK, 1)
  return ['scrypt', LOG_N, BLOCK, 1, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** `hash`: `null` when there is no such user; then `false`, after as much work. @throws BusyError */
export async function checkPassword(password: string, hash: string | null): Promise<boolean> {
  const [kind, logN, block, parallel, salt, key] = (hash ?? '').split('$')
  if (kind !== 'scrypt' || salt === undefined || key === undefined) {
    await derive(password, Buffer.alloc(16), LOG_N, BLOCK, 1)
    return false
  }
  const expected = Buffer.from(key, 'base64url')
  const found = await derive(
    password,
    Buffer.from(salt, 'base64url'),
    Number(logN),
    Number(block),
    Number(parallel),
    expected.length,
  )
  return timingSafeEqual(found, expected)
}

/** What is wrong with a new password, or `null`. */
export function passwordProblem(password: string): string | null {
  if (password.length < SHORTEST_PASSWORD) return `The password has less than ${SHORTEST_PASSWORD} characters.`
  return password.length > LONGEST_PASSWORD ? `The password has more than ${LONGEST_PASSWORD} characters.` : null
}

/** For people to type: 20 letters and digits, 100 bits, none that look alike. */
export function randomPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789A'
  return [...randomBytes(20)].map((byte) => letters[byte % 32]).join('')
}

/** 256 random bits. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Of a random secret: it needs no salt and no slowness. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

let running = 0
const waiting: (() => void)[] = []

async function derive(password: string, salt: Buffer, logN: number, r: number, p: number, bytes = KEY_BYTES) {
  if (running >= MOST_AT_ONCE) {
    if (waiting.length >= MOST_WAITING) throw new BusyError('Too many sign-ins at once; try again in a moment.')
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else {
    running++
  }
  try {
    const options: ScryptOptions = { N: 2 ** logN, r, p, maxmem: MAX_MEMORY }
    return await new Promise<Buffer>((resolve, reject) => {
      scrypt(password.normalize('NFKC'), salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)))
    })
  } finally {
    // Its place goes to the next in line, or is free.
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}
