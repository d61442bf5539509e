/**
 * `/metrics` for Prometheus. What is counted in the database is read at most every few seconds, however many ask. Needs a
 * token of a viewer, unless `server.metrics_open` opens it.
 */
import type { FastifyInstance } from 'fastify'
import { AggregatorRegistry, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { readFigures } from '../database/queries/figures.ts'
import { countOpenStates, listPools } from '../database/queries/overview.ts'
import type { Pool } from './pool.ts'
import type { MetricsData } from './program-metrics.ts'

export interface MetricsOptions {
  readonly isOpen: boolean
  /** Of the scheduler's side, if it runs in this program. */
  readProgram(): Promise<MetricsData>
}

const FRESH_MS = 3_000

export function addMetrics(
  app: FastifyInstance,
  { pool, metrics }: { readonly pool: Pool; readonly metrics?: MetricsOptions },
): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const set = databaseGauges(registry, pool)
  let fresh: Promise<void> | null = null

  app.get(
    '/metrics',
    { config: { role: metrics?.isOpen === true ? null : 'viewer' }, schema: { hide: true } },
    async (_request, reply) => {
      fresh ??= set().finally(() => {
        setTimeout(() => {
          fresh = null
        }, FRESH_MS).unref()
      })
      await fresh
      const program = (await metrics?.readProgram()) ?? []
      const all = AggregatorRegistry.aggregate([[...(await registry.getMetricsAsJSON()), ...program]])
      return reply
        .type(registry.contentType)
        .header('cache-control', 'no-store')
        .send(await all.metrics())
    },
  )
}

function databaseGauges(registry: Registry, pool: Pool): () => Promise<void> {
  const make = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name: `tradewind_${name}`, help, labelNames, registers: [registry] })
  const isUp = make('database_up', 'Whether the database answers.')
  const isLed = make('scheduler_is_led', 'Whether any scheduler leads.')
  const isDraining = make('draining', 'Whether no new tries start until `resume`.')
  const runs = make('runs', 'Unfinished runs.', ['state'])
  const tis = make('task_instances', 'Task instances of unfinished runs.', ['state'])
  const slots = make('pool_slots', 'Slots of a pool; -1 is unlimited.', ['pool'])
  const used = make('pool_used_slots', 'Slots in use.', ['pool'])
  const executions = make('executions', 'Tries that are dispatched or run, on any machine.')
  const commands = make('open_commands', 'Commands without an answer.')
  const importErrors = make('import_errors', 'Dag files that cannot be used.')
  const dags = make('dags', 'Dags whose file is there.', ['paused'])
  const letters = make('open_dead_letters', 'Failures for good that nobody has redriven or discarded.', ['kind'])
  const lag = make('schedule_lag_seconds', 'How late the most overdue Dag is.')
  const connections = make('database_pool_connections', 'Connections of the web server to the database.', ['state'])

  return async () => {
    connections.set({ state: 'total' }, pool.totalCount)
    connections.set({ state: 'idle' }, pool.idleCount)
    connections.set({ state: 'waiting' }, pool.waitingCount)
    try {
      const [figures, states, pools] = await Promise.all([readFigures(pool), countOpenStates(pool), listPools(pool)])
      isUp.set(1)
      isLed.set(Number(figures.isLed))
      isDraining.set(Number(figures.isDraining))
      executions.set(figures.executions)
      commands.set(figures.openCommands)
      importErrors.set(figures.importErrors)
      dags.set({ paused: 'true' }, figures.pausedDags)
      dags.set({ paused: 'false' }, figures.dags - figures.pausedDags)
      letters.set({ kind: 'task' }, figures.openTaskLetters)
      letters.set({ kind: 'compensation' }, figures.openCompensationLetters)
      lag.set(figures.scheduleLagMs / 1_000)
      // A state or a pool that is gone must not keep its last number.
      for (const each of [runs, tis, slots, used]) each.reset()
      for (const state of ['queued', 'running', 'compensating']) runs.set({ state }, 0)
      for (const [state, count] of Object.entries(states.runs)) runs.set({ state }, count)
      for (const [state, count] of Object.entries(states.tis)) tis.set({ state }, count)
      for (const one of pools) {
        slots.set({ pool: one.name }, one.slots)
        used.set({ pool: one.name }, figures.poolUse.get(one.name) ?? 0)
      }
    } catch {
      isUp.set(0)
    }
  }
}
