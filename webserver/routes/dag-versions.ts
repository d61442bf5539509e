/** Versions of a Dag, the author's source of each, and the structure of its tasks. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { readBundle } from '../../database/bundles.ts'
import { listVersions } from '../../database/queries/dag-overview.ts'
import type { ApiParts, Version } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { requireDag } from '../load-run.ts'
import { page, readOrder } from '../read-query.ts'
import { DagVersionBody, Structure, shownStructure } from '../schemas/dag.ts'
import { answers, Closed, DagPath, orderBy, paging } from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'
import { sourceOfFile } from '../source-of-file.ts'

const versionQuery = Closed({
  version_number: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Default: the newest.' }),
  ),
})
const VersionPath = Closed({
  dag_id: Type.String({ maxLength: 250 }),
  version_number: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
})

export const dagVersionRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function findVersion(dagId: string, number: number | undefined): Promise<Version> {
    const current = await requireDag(parts, dagId)
    const wanted = number ?? current.versionNumber
    const [row] = await listVersions(parts.pool, dagId, wanted)
    const version = row && (await parts.versionsOf([row.versionId])).get(row.versionId)
    if (version !== undefined) return version
    throw notFound(
      `Dag "${dagId}" has no version ${wanted}; the newest is ${current.versionNumber}, and only versions that a run used are kept.`,
    )
  }

  const shown = (version: Pick<Version, 'versionId' | 'versionNumber' | 'dagId' | 'bundleHash' | 'createdAt'>) => ({
    id: String(version.versionId),
    version_number: version.versionNumber,
    dag_id: version.dagId,
    dag_display_name: version.dagId,
    bundle_name: 'dags-folder',
    bundle_version: version.bundleHash,
    created_at: iso(version.createdAt),
  })

  app.get(
    '/dags/:dag_id/dagVersions',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DagVersion'],
        params: DagPath,
        querystring: Closed({ ...paging, order_by: orderBy }),
        response: answers(Closed({ dag_versions: Type.Array(DagVersionBody), total_entries: Type.Integer() })),
      },
    },
    async ({ params, query }) => {
      await requireDag(parts, params.dag_id)
      const order = readOrder(
        query.order_by,
        { id: 'id', version_number: 'id' },
        { field: 'id' as const, falling: false },
      )
      const versions = await listVersions(parts.pool, params.dag_id)
      const sorted = order.falling ? versions.toReversed() : versions
      return { dag_versions: page(sorted, query).map(shown), total_entries: versions.length }
    },
  )

  app.get(
    '/dags/:dag_id/dagVersions/:version_number',
    {
      config: { role: 'viewer' },
      schema: { tags: ['DagVersion'], params: VersionPath, response: answers(DagVersionBody) },
    },
    async ({ params }) => shown(await findVersion(params.dag_id, params.version_number)),
  )

  app.get(
    '/dags/:dag_id/structure',
    {
      config: { role: 'viewer' },
      schema: { tags: ['DagVersion'], params: DagPath, querystring: versionQuery, response: answers(Structure) },
    },
    async ({ params, query }) => shownStructure(await findVersion(params.dag_id, query.version_number)),
  )

  app.get(
    '/dagSources/:dag_id',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DagSource'],
        params: DagPath,
        querystring: versionQuery,
        response: answers(
          Closed({
            content: Type.String({ description: 'The file that declares it, as its author wrote it.' }),
            dag_id: Type.String(),
            dag_display_name: Type.String(),
            version_number: Type.Integer(),
            file: Type.String(),
          }),
        ),
      },
    },
    async ({ params, query }) => {
      const version = await findVersion(params.dag_id, query.version_number)
      const { file, displayName } = version.serialized
      const bundle = await readBundle(parts.pool, version.bundleHash).catch(() => null)
      if (bundle === null) throw notFound(`The code of version ${version.versionNumber} is not kept any more.`)
      const content = sourceOfFile(bundle, file)
      if (content === null)
        throw notFound(`The bundle of version ${version.versionNumber} does not hold the source of ${file}.`)
      return {
        content,
        dag_id: version.dagId,
        dag_display_name: displayName ?? version.dagId,
        version_number: version.versionNumber,
        file,
      }
    },
  )
}
