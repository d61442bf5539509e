/** The names of both entries, pinned: adding one is a decision, removing one breaks Dag files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as airflow from '../../sdk/airflow.ts'
import * as tradewind from '../../sdk/index.ts'

test('tradewind', () => {
  expect(Object.keys(tradewind).sort()).toEqual([
    'ConnectionNotFoundError',
    'Dag',
    'FailError',
    'HttpError',
    'SkipError',
    'VariableNotFoundError',
    'getClient',
    'getContext',
    'once',
    'request',
    'triggerDagRun',
  ])
})

test('apache-airflow-ts-sdk', () => {
  expect(Object.keys(airflow).sort()).toEqual([
    'Bundle',
    'ConnectionNotFoundError',
    'Dag',
    'DagRegistry',
    'Label',
    'SUPERVISOR_API_VERSION',
    'TaskHandler',
    'VariableNotFoundError',
    'getClient',
    'getContext',
    'serveDags',
    'triggerDagRun',
    'withArgNames',
  ])
})

test('a Dag file loads nothing heavy: node: modules and types of core only', () => {
  const root = join(import.meta.dirname, '../../sdk')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const imports = files.flatMap((name) => {
    const code = readFileSync(join(root, name), 'utf8')
    return [...code.matchAll(/^(?:import|export) (type )?[^;]*?from '([^']+)'/gm)].map((match) => ({
      name,
      typeOnly: match[1] !== undefined,
      from: match[2]!,
    }))
  })
  const heavy = imports.filter(
    ({ from, typeOnly }) =>
      !(from.startsWith('node:') || (from.startsWith('.') && (typeOnly || !from.includes('/core/')))),
  )
  expect(files.length).toBeGreaterThan(20)
  expect(heavy).toEqual([])
})
