/** What every route gets: the parts of the web server and what they share while it runs. */
import { buildGraph, type DagGraph } from '../core/graph.ts'
import type { PlatformDefaults } from '../core/platform-defaults.ts'
import type { DagVersionRecord } from '../core/records.ts'
import { readVersions } from '../database/queries/dag-overview.ts'
import type { Pool, WebServerParts } from './web-server-parts.ts'

/** Versions by id: each is read and parsed once, since it never changes. */
export type VersionsOf = (versionIds: readonly number[]) => Promise<ReadonlyMap<number, Version>>

export interface ApiParts extends WebServerParts {
  readonly versionsOf: VersionsOf
}

/** What is read with: the command line has it without a web server. */
export type ReadParts = Pick<ApiParts, 'pool' | 'versionsOf' | 'defaults' | 'slots' | 'now'>

export interface Version extends DagVersionRecord {
  readonly graph: DagGraph
}

/** Versions kept; the oldest looked-up goes first. */
const MOST_KEPT = 1_000

export function apiParts(parts: WebServerParts): ApiParts {
  return { ...parts, versionsOf: keptVersions(parts.pool, parts.defaults) }
}

export function keptVersions(pool: Pool, defaults: PlatformDefaults): VersionsOf {
  const kept = new Map<number, Version>()
  return async (versionIds) => {
    const missing = [...new Set(versionIds)].filter((id) => !kept.has(id))
    const found = new Map<number, Version>()
    for (const record of await readVersions(pool, missing)) {
      found.set(record.versionId, { ...record, graph: buildGraph(record, defaults) })
    }
    for (const id of versionIds) {
      const version = found.get(id) ?? kept.get(id)
      if (version === undefined) continue
      found.set(id, version)
      kept.delete(id)
      kept.set(id, version)
    }
    for (const id of kept.keys()) {
      if (kept.size <= MOST_KEPT) break
      kept.delete(id)
    }
    return found
  }
}
