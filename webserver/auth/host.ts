/**
 * Keeps names that are not ours away from loopback: a page of another site could let its own name lead to 127.0.0.1
 * (DNS rebinding) and would then count as the same site. Names without a dot are nobody's to give away on the internet.
 */
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Requests that came over other addresses are let through: there any name may be right. */
export function isOwnHost(request: FastifyRequest, baseUrl: string | null): boolean {
  const { host } = request.headers
  const { localAddress } = request.socket
  if (host === undefined || localAddress === undefined || !/^(::ffff:)?127\.|^::1$/.test(localAddress)) return true
  if (!URL.canParse(`http://${host}`)) return false
  const { hostname } = new URL(`http://${host}`)
  if (!hostname.includes('.') || hostname.endsWith('.localhost')) return true
  return isIP(hostname) !== 0 || (baseUrl !== null && hostname === new URL(baseUrl).hostname)
}
