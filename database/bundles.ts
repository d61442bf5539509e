/**
 * Bundles by hash, gzipped. Invariant: content-addressed, so a bundle once saved is never changed, and saving it again
 * does nothing but make it young again for retention. Index: primary key.
 */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type pg from 'pg'
import type { BundleCode, BundleManifest } from '../core/ports/worker-api.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

export async function saveBundle(pool: pg.Pool, bundle: BundleCode): Promise<void> {
  const { hash, format, code, sourceMap, manifest } = bundle
  const known = await pool.query<{ isOld: boolean }>(
    `select created_at < now() - interval '1 hour' as "isOld" from bundle where hash = $1`,
    [hash],
  )
  if (known.rows[0]?.isOld === false) return
  if (known.rows[0]?.isOld === true) {
    const touched = await pool.query('update bundle set created_at = now() where hash = $1', [hash])
    if (touched.rowCount) return
  }
  await pool.query(
    `insert into bundle (hash, format, code, source_map, manifest) values ($1, $2, $3, $4, $5)
     on conflict (hash) do nothing`,
    [
      hash,
      format,
      await compress(code),
      sourceMap === null ? null : await compress(sourceMap),
      manifest === undefined ? null : JSON.stringify(manifest),
    ],
  )
}

interface BundleRow {
  readonly format: BundleCode['format']
  readonly code: Buffer
  readonly source_map: Buffer | null
  readonly manifest: string | null
}

/** @throws when there is none with that hash. */
export async function readBundle(pool: pg.Pool, hash: string): Promise<BundleCode> {
  const result = await pool.query<BundleRow>('select format, code, source_map, manifest from bundle where hash = $1', [
    hash,
  ])
  const row = result.rows[0]
  if (!row) {
    throw new Error(
      `The bundle ${hash} is not in the database: it was deleted, or the database is another one than when its Dag ` +
        'was parsed. Save the Dag file again to bundle it anew, then clear the task.',
    )
  }
  return {
    hash,
    format: row.format,
    code: (await expand(row.code)).toString('utf8'),
    sourceMap: row.source_map === null ? null : (await expand(row.source_map)).toString('utf8'),
    ...(row.manifest === null ? {} : { manifest: JSON.parse(row.manifest) as BundleManifest }),
  }
}
