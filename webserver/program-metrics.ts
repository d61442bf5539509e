/**
 * What the scheduler's side counts for `/metrics`. It is read as plain data, because the web server runs in another thread;
 * where it runs alone there is none of it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'
import type { TickWrites } from '../core/ports/store.ts'
import { FINISHED_TI_STATES } from '../core/states.ts'

export type MetricsData = readonly MetricObjectWithValues<MetricValue<string>>[]

export interface ProgramReading {
  readonly isLeading: boolean
  readonly runningTries: number
  readonly slots: number
  /** Ready and waiting for a slot or a pool. */
  readonly waiting: number
}

export interface ProgramMetrics {
  onTick(ms: number): void
  onCommit(writes: TickWrites): void
  read(): Promise<MetricsData>
}

/** How often the thread's lateness is looked at. */
const LOOK_EVERY_MS = 20

export function createProgramMetrics(reading: () => ProgramReading): ProgramMetrics {
  const registers = [new Registry()]
  const ticks = new Histogram({
    name: 'tradewind_tick_seconds',
    help: 'One tick of the scheduler: deciding, committing, acting.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const tries = new Histogram({
    name: 'tradewind_try_seconds',
    help: 'Running time of tries, by how they ended.',
    labelNames: ['state'] as const,
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800, 7_200],
    registers,
  })
  const waits = new Histogram({
    name: 'tradewind_try_queued_seconds',
    help: 'From the commit that queued a try to its start.',
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
    registers,
  })
  const compensations = new Counter({
    name: 'tradewind_compensations_total',
    help: 'Task instances that were to be undone, by outcome.',
    labelNames: ['outcome'] as const,
    registers,
  })
  for (const outcome of ['compensated', 'compensation_failed', 'withdrawn']) compensations.inc({ outcome }, 0)
  const letters = new Counter({
    name: 'tradewind_dead_letters_total',
    help: 'Failures for good.',
    labelNames: ['kind'] as const,
    registers,
  })
  for (const kind of ['task', 'compensation']) letters.inc({ kind }, 0)
  gauge('tradewind_scheduler_is_leading', 'Whether the scheduler of this program leads.', (now) =>
    Number(now.isLeading),
  )
  gauge('tradewind_executor_running_tries', 'Tries that run on this machine.', (now) => now.runningTries)
  gauge('tradewind_executor_slots', 'Most tries at once on this machine.', (now) => now.slots)
  gauge('tradewind_waiting_task_instances', 'Task instances that are ready and wait for a slot.', (now) => now.waiting)
  gauge('tradewind_scheduler_heap_bytes', 'Heap in use on the thread of the scheduler.', () => {
    return getHeapStatistics().used_heap_size
  })
  const delays = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS })
  delays.enable()
  new Gauge({
    name: 'tradewind_scheduler_loop_lag_seconds',
    help: 'How late the thread of the scheduler came to what was due, since this was last read; 1 is the worst.',
    labelNames: ['quantile'] as const,
    registers,
    collect() {
      for (const quantile of [0.5, 0.99, 1]) {
        this.set({ quantile }, Math.max(0, delays.percentile(quantile * 100) / 1e9 - LOOK_EVERY_MS / 1_000))
      }
      delays.reset()
    },
  })

  function gauge(name: string, help: string, value: (now: ProgramReading) => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(reading()))
      },
    })
  }

  return {
    onTick: (ms) => ticks.observe(ms / 1_000),
    onCommit: (writes) => {
      for (const row of writes.compensations) {
        if (row.state !== 'compensating') compensations.inc({ outcome: row.state })
      }
      for (const letter of writes.deadLetters) letters.inc({ kind: letter.kind })
      for (const row of [...writes.updatedTries, ...writes.insertedTries]) {
        if (row.startDate === null || row.endDate === null) continue
        if (!FINISHED_TI_STATES.has(row.state) && row.state !== 'up_for_retry') continue
        tries.observe({ state: row.state }, Math.max(0, row.endDate - row.startDate) / 1_000)
        waits.observe(Math.max(0, row.startDate - row.queuedAt) / 1_000)
      }
    },
    read: () => registers[0]!.getMetricsAsJSON(),
  }
}
