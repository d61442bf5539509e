/**
 * Whether a request comes from our own page. Browsers say where a request comes from and pages cannot forge it; programs
 * say nothing, and are not led by somebody else's page.
 */
import type { FastifyRequest } from 'fastify'

/** `baseUrl`: the address people use, behind a proxy. Without it the `Host` header says. */
export function isOwnOrigin(request: FastifyRequest, baseUrl: string | null): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const { origin, host } = request.headers
  if (origin === undefined) return true
  if (baseUrl !== null && origin === new URL(baseUrl).origin) return true
  if (host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host.toLowerCase()
}
