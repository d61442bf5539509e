/**
 * One PostgreSQL for the whole test run, with a migrated template that `createTestDatabase` clones: the embedded server
 * in a temporary folder, or the server that TRADEWIND_TEST_DATABASE_URL names (its role must be allowed to create
 * databases).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedServer } from '../../database/embedded/server.ts'
import { migrate } from '../../database/migrations/migrate.ts'

export interface TestServer {
  readonly connection: pg.ClientConfig
  /** Database that clones are made of. */
  readonly template: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer(process.env.TRADEWIND_TEST_DATABASE_URL)
  const template = `tradewind_template_${process.pid}`
  const drop = `drop database if exists ${template}`
  await onServer(server.connection, async (client) => {
    await client.query(drop)
    await client.query(`create database ${template}`)
  })
  await migrate({ ...server.connection, database: template })
  project.provide('postgres', { connection: server.connection, template })
  return async () => {
    await onServer(server.connection, (client) => client.query(drop))
    await server.stop()
  }
}

async function startServer(url: string | undefined) {
  if (url !== undefined && url !== '') return { connection: fromUrl(url), stop: async () => {} }
  const dataDir = await mkdtemp(join(tmpdir(), 'tradewind-test-server-'))
  const server = await startEmbeddedServer({ dataDir, log: () => {} })
  return {
    connection: server.connection,
    stop: async () => {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Fields instead of a URL, so that a test can choose another database. */
function fromUrl(url: string): pg.ClientConfig {
  const { user, password, host, port, database } = new pg.Client(url)
  return { user: user ?? 'postgres', password: password ?? '', host, port, database: database ?? 'postgres' }
}

async function onServer(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
