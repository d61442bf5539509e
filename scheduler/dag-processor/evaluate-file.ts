/** One look at one file: bundle it, load it in a parse child, hash what came out. Changes nothing. */
import type { ParsedDag } from '../../core/ports/dag-source.ts'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import type { ImportProblem } from '../../core/serialized-dag.ts'
import { buildBundle } from './build-bundle.ts'
import type { SdkExports } from './build-plugins.ts'
import { checkCorrelation } from './check-correlation.ts'
import { toParsedDag } from './content-hash.ts'
import type { ParsePool } from './parse-pool.ts'
import type { FoundFile } from './scan-folder.ts'

export type FileOutcome =
  | {
      readonly type: 'parsed'
      readonly bundleHash: string
      readonly dags: readonly ParsedDag[]
      /** Nothing when left out. */
      readonly warnings?: readonly ImportProblem[]
    }
  | { readonly type: 'broken'; readonly problems: readonly ImportProblem[] }
  /** No Dag in it: a module that others import. */
  | { readonly type: 'plain' }

export interface Evaluation {
  readonly outcome: FileOutcome
  /** See `BuildResult`. */
  readonly dependencies: readonly string[]
  /** Of a file with Dags. */
  readonly bundle: BundleCode | null
}

export interface EvaluateContext {
  /** Real path. */
  readonly folder: string
  readonly cacheDir: string
  readonly sdkExports: SdkExports
}

/** Rejects only when no parse child can be started, or esbuild itself fails. */
export async function evaluateFile(
  { file, path }: FoundFile,
  { folder, cacheDir, sdkExports }: EvaluateContext,
  parse: ParsePool['parse'],
): Promise<Evaluation> {
  const built = await buildBundle({ folder, file, path, sdkExports })
  const { dependencies } = built
  if (!built.ok) return { outcome: { type: 'broken', problems: built.problems }, dependencies, bundle: null }
  if (!built.usesSdk) return { outcome: { type: 'plain' }, dependencies, bundle: null }
  const { bundle } = built
  const answer = await parse({ file, dagsFolder: folder, cacheDir, bundle })
  if (answer.type === 'failed') {
    return { outcome: { type: 'broken', problems: [answer.problem] }, dependencies, bundle: null }
  }
  const problems = [...answer.problems, ...answer.dags.flatMap(checkCorrelation)]
  if (problems.length > 0) return { outcome: { type: 'broken', problems }, dependencies, bundle: null }
  if (answer.dags.length === 0) return { outcome: { type: 'plain' }, dependencies, bundle: null }
  const dags = answer.dags.map((serialized) => toParsedDag(serialized, bundle.hash))
  const { warnings } = answer
  return { outcome: { type: 'parsed', bundleHash: bundle.hash, dags, warnings }, dependencies, bundle }
}
