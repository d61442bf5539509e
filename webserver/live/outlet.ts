/** The socket as a subscription sees it. */
import type { ServerMessage } from './messages.ts'

export interface Outlet {
  send(message: ServerMessage): void
  /** `false`: too much waits in the socket already; `advance` is called when there is room again. */
  hasRoom(): boolean
  close(code: number, reason: string): void
}

export interface Subscription {
  /** There may be something new, or room. Must not throw. */
  advance(): void
  end(): void
}
