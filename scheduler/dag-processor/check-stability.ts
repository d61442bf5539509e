/**
 * Does a file declare the same Dags each time it is loaded? A second look, later and in another process, finds values
 * taken from the clock, from chance or from what an earlier file left behind: each load would make a new version.
 */
import type { ImportProblem } from '../../core/serialized-dag.ts'
import { firstDifference } from './content-hash.ts'
import { type EvaluateContext, evaluateFile, type FileOutcome } from './evaluate-file.ts'
import type { ParsePool } from './parse-pool.ts'
import type { FoundFile } from './scan-folder.ts'

const LONGEST_VALUE = 80

/** The warning, or `null` when both loads agree or the file is another one by now. */
export async function checkStability(
  file: FoundFile,
  first: Extract<FileOutcome, { type: 'parsed' }>,
  context: EvaluateContext,
  parse: ParsePool['parse'],
): Promise<ImportProblem | null> {
  const { outcome: second } = await evaluateFile(file, context, parse)
  if (second.type !== 'parsed' || second.bundleHash !== first.bundleHash) return null
  for (const [index, { serialized }] of first.dags.entries()) {
    const other = second.dags[index]?.serialized
    const difference = firstDifference(serialized, other)
    if (difference === null) continue
    const { path } = difference
    const task = serialized.tasks[Number(/^tasks\[(\d+)\]/.exec(path)?.[1] ?? -1)]
    const line = task?.line ?? serialized.line
    return {
      code: 'nondeterministic-dag',
      message: `The Dag "${serialized.dagId}" differs each time ${file.file} is loaded: ${path || 'it'} was ${show(difference.first)}, then ${show(difference.second)}.`,
      remedy:
        'Take the current time, random values and outside state inside of tasks (getContext().logicalDate), not when the file is loaded. Each load makes a new version now.',
      file: file.file,
      dagId: serialized.dagId,
      ...(task !== undefined && { taskId: task.taskId }),
      ...(line !== undefined && { line }),
    }
  }
  return null
}

function show(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text
}
