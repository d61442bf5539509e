/** A problem of a Dag file as people read it. */
import type { ImportProblem } from '../core/serialized-dag.ts'

/** `sales.ts:12:3  bad-cron  message` and the remedy below it. */
export function problemText(problem: ImportProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  return `${place}  ${problem.code}\n  ${problem.message}\n  ${problem.remedy}`
}
