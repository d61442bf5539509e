/**
 * TLS of a connection under test, by its extra. Invariant: a certificate is verified, by chain and name, unless the extra says
 * otherwise in so many words.
 *
 * - `ca`: certificates in PEM that are trusted beside none others. Text, not a path: a path would let its owner read files here.
 * - `tls_verify: false`: any certificate will do.
 * - `sslmode` (PostgreSQL): `require`, `verify-ca` and `verify-full` ask for TLS, `no-verify` for TLS with any certificate;
 *   `verify-ca` leaves out the name. Others, and none, go without TLS.
 */
import type { ConnectionOptions } from 'node:tls'

export interface TlsExtra {
  readonly sslmode: string | null
  readonly options: Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized' | 'checkServerIdentity'>
}

const WITH_TLS = ['require', 'verify-ca', 'verify-full', 'no-verify']
const WITHOUT_TLS = ['disable', 'allow', 'prefer']

/** @throws when the extra cannot be read: better than a connection that is less safe than somebody thinks. */
export function readTlsExtra(extra: string | null): TlsExtra {
  const { sslmode, ca, tls_verify: verify } = readExtra(extra)
  if (sslmode !== undefined && (typeof sslmode !== 'string' || ![...WITH_TLS, ...WITHOUT_TLS].includes(sslmode))) {
    throw new Error(`sslmode in the extra is none of ${[...WITH_TLS, ...WITHOUT_TLS].join(', ')}.`)
  }
  if (ca !== undefined && typeof ca !== 'string')
    throw new Error('ca in the extra is not a text (certificates in PEM).')
  if (verify !== undefined && typeof verify !== 'boolean')
    throw new Error('tls_verify in the extra is not true or false.')
  return {
    sslmode: sslmode ?? null,
    options: {
      rejectUnauthorized: verify !== false && sslmode !== 'no-verify',
      ...(ca === undefined ? {} : { ca }),
      ...(sslmode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    },
  }
}

export function wantsTls({ sslmode }: TlsExtra): boolean {
  return sslmode !== null && WITH_TLS.includes(sslmode)
}

function readExtra(extra: string | null): { readonly [name: string]: unknown } {
  if (extra === null || extra === '') return {}
  let value: unknown
  try {
    value = JSON.parse(extra)
  } catch {
    value = null
  }
  if (typeof value !== 'object' || value === null) throw new Error('The extra is not a JSON object.')
  return { ...value }
}

const CERTIFICATE = /CERT|SELF_SIGNED|ISSUER|VERIFY_LEAF|ALTNAME/

/** Adds what to do where a certificate was refused. */
export function explainTls(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!(error instanceof Error) || !CERTIFICATE.test(code)) return null
  return (
    `The certificate cannot be verified: ${error.message} (${code}). Give the certificate of its authority as "ca" (PEM) in ` +
    'the extra, or set "tls_verify": false there to take any.'
  )
}
