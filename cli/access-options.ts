/** How the web server is reached and signed in to, by the configuration, and what is unwise about it. */
import { isIP } from 'node:net'
import { ConfigError } from '../core/config/read-config.ts'
import type { Config } from '../core/config/schema.ts'
import type { WebServerParts } from '../webserver/web-server-parts.ts'

/** Throws `ConfigError` when `server.base_url` is no address. */
export function accessOptions(config: Config): NonNullable<WebServerParts['access']> {
  const baseUrl = config['server.base_url']
  if (baseUrl !== null && !/^https?:\/\/[^/?#]+\/?$/.test(baseUrl)) {
    throw new ConfigError([
      `server.base_url is "${baseUrl}": expected an address such as https://tradewind.example.org`,
    ])
  }
  return {
    baseUrl: baseUrl?.replace(/\/$/, '') ?? null,
    trustedProxies: config['server.trusted_proxies'],
    sessions: { idleMs: config['server.session_idle'], longestMs: config['server.session_longest'] },
  }
}

/** Others could read passwords on the way. `null`: nothing to say. */
export function exposureWarning(config: Config): string | null {
  const host = config['server.host']
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (isLoopback || config['server.base_url']?.startsWith('https:') === true) return null
  return (
    `the web server listens on ${host} without TLS: others on the network can read passwords and sessions. Put a proxy ` +
    'with TLS in front and set server.base_url to its https address (docs/deployment.md).'
  )
}
