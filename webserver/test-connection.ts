/**
 * Tries a connection in a child process with a time limit: what it meets (a hanging server, a broken driver) stays there.
 * The connection goes through the child's standard input, never through its arguments or environment.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ConnectionRecord } from '../core/ports/worker-api.ts'

export interface ConnectionVerdict {
  readonly status: boolean
  readonly message: string
}

const LIMIT_MS = 10_000
const MOST_OUTPUT = 20_000
const MOST_MESSAGE = 1_000
/** At once: a page that asks again and again must not fill the machine. */
const MOST_AT_ONCE = 4
let running = 0

export async function testConnection(probe: URL, connection: ConnectionRecord): Promise<ConnectionVerdict> {
  if (running >= MOST_AT_ONCE) {
    return { status: false, message: `${MOST_AT_ONCE} connections are being tested already; try again in a moment.` }
  }
  running++
  try {
    return await runProbe(probe, connection)
  } finally {
    running--
  }
}

function runProbe(probe: URL, connection: ConnectionRecord): Promise<ConnectionVerdict> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [fileURLToPath(probe)], { env: {}, stdio: ['pipe', 'pipe', 'ignore'] })
    let output = ''
    const end = (verdict: ConnectionVerdict) => {
      clearTimeout(timer)
      resolve({ ...verdict, message: hide(verdict.message, connection).slice(0, MOST_MESSAGE) })
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      end({ status: false, message: `No answer within ${LIMIT_MS / 1_000} s. Check host, port and firewall.` })
    }, LIMIT_MS)
    child.on('error', (error) => end({ status: false, message: `The test could not start: ${error.message}` }))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (output.length < MOST_OUTPUT) output += chunk
    })
    child.on('close', (code) =>
      end(readVerdict(output) ?? { status: false, message: `The test ended (code ${code}).` }),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(JSON.stringify(connection))
  })
}

function readVerdict(output: string): ConnectionVerdict | null {
  try {
    const value = JSON.parse(output) as Partial<ConnectionVerdict>
    if (typeof value.status === 'boolean' && typeof value.message === 'string') {
      return { status: value.status, message: value.message }
    }
    return null
  } catch {
    return null
  }
}

/** A driver may put what it was given into its message. */
function hide(message: string, { password }: ConnectionRecord): string {
  return password === null || password === '' ? message : message.replaceAll(password, '***')
}
