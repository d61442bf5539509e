/** A Dag by its id, or a failure that names the nearest one. */
import { type DagListItem, getDag } from '../../database/queries/dags.ts'
import { unknownDag } from '../commands/not-found.ts'
import type { Pool } from '../database-access.ts'

export async function requireDag(pool: Pool, dagId: string): Promise<DagListItem> {
  return (await getDag(pool, dagId)) ?? unknownDag(pool, dagId)
}
