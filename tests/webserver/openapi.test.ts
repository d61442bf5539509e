/** The OpenAPI document and the page's types are what the routes say. `npm run openapi` writes both anew. */
import { expect, test } from 'vitest'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { apiTypes, type OpenApiDocument } from '../../webserver/generate-api-types.ts'
import { parts } from './web-server.ts'

async function document() {
  const app = createWebServer(parts())
  await app.ready()
  const written = app.swagger()
  await app.close()
  return written
}

test('webserver/openapi.json', async () => {
  await expect(`${JSON.stringify(await document(), null, 2)}\n`).toMatchFileSnapshot('../../webserver/openapi.json')
})

test('webserver/ui/src/api/types.gen.ts', async () => {
  const types = apiTypes(JSON.parse(JSON.stringify(await document())) as OpenApiDocument)
  await expect(types).toMatchFileSnapshot('../../webserver/ui/src/api/types.gen.ts')
})

test('every route below /api/v2 has a schema for its answer and for its errors', async () => {
  const { paths } = JSON.parse(JSON.stringify(await document())) as OpenApiDocument
  const silent = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { responses }]) => !/^2..|,2../.test(Object.keys(responses).join()) || !('4XX' in responses))
      .map(([method]) => `${method} ${path}`),
  )
  expect(silent.filter((route) => route.includes('/api/v2'))).toEqual([])
})
