/**
 * The built page at `/`: open to all, since it holds no data. An address inside the page (`/dags/x`) is answered with its
 * `index.html`; files with a hash in their name may be kept for ever. Without a built page `/` says how to build it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { setRoleOfRoutes } from './auth/access.ts'

export interface PageOptions {
  /** Folder of the built page; `null`: there is none. */
  readonly folder: string | null
}

const NOT_BUILT = 'The page is not built. Build it with npm run build; the API is below /api/v2.'
/** Addresses of the page; everything else that is unknown stays a 404. */
const LISTS = ['/import-errors', '/pools', '/variables', '/connections', '/events']
const ADDRESSES = ['/', '/dags', '/dags/*', '/letters', '/letters/*', '/search', ...LISTS]

export const servePage: FastifyPluginAsync<PageOptions> = async (app, { folder }) => {
  setRoleOfRoutes(app, null)
  const isBuilt = folder !== null && existsSync(join(folder, 'index.html'))
  if (isBuilt) {
    await app.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      index: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const isHashed = path.includes(`${join(folder, 'assets')}`)
        void reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  }
  for (const url of ADDRESSES) {
    app.get(url, { config: { role: null }, schema: { hide: true } }, async (_request, reply) =>
      isBuilt ? reply.sendFile('index.html') : reply.code(404).send({ detail: NOT_BUILT }),
    )
  }
}
