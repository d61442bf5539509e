/** Opens the port. A port that was not asked for by name gives way to a free one; one that was is an error when taken. */
import type { FastifyInstance } from 'fastify'

export interface Listening {
  readonly host: string
  readonly port: number
  /** `http://127.0.0.1:8080` */
  readonly address: string
  /** The port asked for was taken. */
  readonly movedFrom: number | null
}

export interface ListenRequest {
  readonly host: string
  readonly port: number
  /** The port was set by somebody, not only a default. */
  readonly portIsExplicit: boolean
}

export class PortError extends Error {
  override readonly name = 'PortError'
}

export async function listen(app: FastifyInstance, request: ListenRequest): Promise<Listening> {
  try {
    await app.listen({ host: request.host, port: request.port })
    return describe(app, request.host, null)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE' && !request.portIsExplicit) {
      await app.listen({ host: request.host, port: 0 })
      return describe(app, request.host, request.port)
    }
    throw explain(error, code, request)
  }
}

function describe(app: FastifyInstance, host: string, movedFrom: number | null): Listening {
  const bound = app.server.address()
  if (bound === null || typeof bound === 'string') throw new PortError(`Listening on ${host}, but not on a port.`)
  const name = host.includes(':') ? `[${host}]` : host
  return { host, port: bound.port, address: `http://${name}:${bound.port}`, movedFrom }
}

function explain(error: unknown, code: unknown, { host, port }: ListenRequest): Error {
  if (code === 'EADDRINUSE') {
    return new PortError(
      `Port ${port} on ${host} is taken. Stop what uses it, or set server.port to another one (0: any).`,
    )
  }
  if (code === 'EACCES') {
    return new PortError(`Port ${port} on ${host} may not be opened by this user. Set server.port to one above 1023.`)
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new PortError(`This machine has no address ${host}. Set server.host to one it has, such as 127.0.0.1.`)
  }
  return error instanceof Error ? error : new Error(String(error))
}
