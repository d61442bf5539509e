/** Options of the commands that open a port. */
import type { Command } from '@commander-js/extra-typings'
import { withCommonOptions } from './leaf-command.ts'
import type { Flags } from './load-config.ts'

export function withServerOptions(command: Command) {
  return withCommonOptions(command)
    .option('--host <address>', 'in place of server.host')
    .option('--port <number>', 'in place of server.port; 0 takes any free one')
    .option('--base-url <url>', 'in place of server.base_url: the address people use, behind a proxy')
}

/** The settings they stand for. */
export function serverFlags(options: { host?: string; port?: string; baseUrl?: string }): Flags {
  return { 'server.host': options.host, 'server.port': options.port, 'server.base_url': options.baseUrl }
}
