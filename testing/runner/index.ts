/** What a test of a Dag imports as `tradewind/testing`. */
export type { ConnectionValues, DagRun, Fault, Faults, RunOptions, TaskOutcome } from './dag-run.ts'
export { runDag } from './run-dag.ts'
