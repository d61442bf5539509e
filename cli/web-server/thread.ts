/**
 * The web server in a thread of its own: what it reads, however long that takes, never holds up a tick. It has its own
 * connections and meets the scheduler in the database only; besides that it asks for figures and for log lines that are not
 * written yet. An error that nobody caught ends the thread, and the program starts another one.
 */
import { parentPort } from 'node:worker_threads'
import { openPool } from '../../database/connect.ts'
import { createFileLogStore } from '../../executor/file-log-store.ts'
import { LONGEST_STATEMENT_MS } from '../../webserver/pool.ts'
import { collectWhenIdle } from '../collect-when-idle.ts'
import { failureText } from '../command-failure.ts'
import { dataFolder } from '../data-folder.ts'
import { openSecrets } from '../open-secrets.ts'
import { startWebServer } from '../start-web-server.ts'
import { askProgram } from './ask-program.ts'
import type { FromWebServer, ToWebServer } from './messages.ts'

const POOL_CONNECTIONS = 8

if (parentPort === null) throw new Error('This file is a thread of the program; start `tradewind webserver` instead.')
const port = parentPort
collectWhenIdle()
const questions = askProgram(port)
const tell = (message: FromWebServer) => port.postMessage(message)
const log = (line: string) => tell({ type: 'log', line })
let starting: Promise<() => Promise<void>> | null = null

port.on('message', (message: ToWebServer) => {
  if (message.type === 'answer') questions.onAnswer(message.id, message.metrics)
  else if (message.type === 'start') starting = start(message)
  else void stop()
})

async function start({ program, connection, earlier }: Extract<ToWebServer, { type: 'start' }>) {
  let isEnding = false
  const pool = openPool(connection, {
    name: 'tradewind webserver',
    max: POOL_CONNECTIONS,
    statementTimeoutMs: LONGEST_STATEMENT_MS,
    // What our own server says to an idle connection while it ends is no news.
    onError: (error) => {
      if (!isEnding) log(`Database connection of the web server: ${error.message}`)
    },
  })
  const files = createFileLogStore({ logsDir: dataFolder(program.dataFolder).logs })
  try {
    const server = await startWebServer({
      program,
      earlier,
      pool,
      secrets: await openSecrets(program),
      logs: {
        read: async (address, fromByte) => {
          await questions.flushLog(address)
          return files.read(address, fromByte)
        },
      },
      readProgram: () => questions.metrics(),
      log,
    })
    tell({ type: 'listening', address: server.address, port: server.port })
    return async () => {
      isEnding = true
      await server.close()
      await pool.end()
    }
  } catch (error) {
    isEnding = true
    await pool.end()
    tell({ type: 'failed', message: failureText(error) })
    return async () => {}
  }
}

/** Nothing else keeps the thread: it ends when its port is closed. */
async function stop(): Promise<void> {
  try {
    const close = await starting
    await close?.()
  } finally {
    port.close()
  }
}
