/** What a test of a Dag imports as `tradewind/testing`. */
export type {
  ConnectionValues,
  DagRun,
  DeadLetter,
  Fault,
  Faults,
  RedriveOptions,
  RunOptions,
  TaskOutcome,
} from './dag-run.ts'
export { runDag } from './run-dag.ts'
