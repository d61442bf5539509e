/**
 * Headers that tell browsers what the page may do: scripts and connections of our own origin only, no frames around it.
 * Styles may be inline, because the component library writes them.
 */
import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

export function addSecurityHeaders(app: FastifyInstance, baseUrl: string | null): void {
  void app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    // Only where people really use https: on loopback it would lock other programs of this host out.
    strictTransportSecurity: baseUrl?.startsWith('https:') ? { maxAge: 15_552_000, includeSubDomains: false } : false,
  })
}
