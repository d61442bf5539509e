/** Runs code inside the web server's thread of a real program, through Node's debugger: no way in for tests in the product. */
import type { Program } from './program.ts'

interface Told {
  readonly method?: string
  readonly params?: { readonly sessionId?: string }
}

/** Give it to the program's start. */
export const DEBUGGABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

/** `code` runs in the thread a moment after the debugger has gone: Node would not end under one. */
export async function runInThread(program: Program, code: string): Promise<void> {
  const line = await program.line(/Debugger listening on ws:/)
  const socket = new WebSocket(/ws:\S+/.exec(line)![0])
  let lastId = 0
  const send = (method: string, params: unknown) => socket.send(JSON.stringify({ id: ++lastId, method, params }))
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => send('NodeWorker.enable', { waitForDebuggerOnStart: false })
    socket.onerror = () => reject(new Error(`no debugger at ${line}`))
    socket.onclose = () => resolve()
    socket.onmessage = ({ data }) => {
      const { method, params } = JSON.parse(String(data)) as Told
      if (method === 'NodeWorker.attachedToWorker') {
        const expression = `setTimeout(() => { ${code} }, 50)`
        const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } })
        send('NodeWorker.sendMessageToWorker', { sessionId: params?.sessionId, message })
      } else if (method === 'NodeWorker.receivedMessageFromWorker') socket.close()
    }
  })
}
