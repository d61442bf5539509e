/**
 * The child's end of the IPC channel. Taken away from user code: a handler that finds `process.send` believes it was
 * forked by somebody who wants to hear from it, and could end the channel.
 */
import type { ChildToHost, HostToChild } from '../core/ports/child-protocol.ts'

export interface HostChannel {
  send(message: ChildToHost): void
}

export function openHostChannel(receive: (message: HostToChild) => void): HostChannel {
  const send = process.send?.bind(process)
  if (send === undefined) throw new Error('This program is started by a Tradewind executor, never by hand.')
  process.on('message', (message) => receive(message as HostToChild))
  // The heartbeat thread does the same, more thoroughly; this is for the moment before it runs.
  process.on('disconnect', () => process.exit(0))
  Object.assign(process, { send: undefined, disconnect: undefined })
  return { send: (message) => void send(message, undefined, undefined, () => undefined) }
}
