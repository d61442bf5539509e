/** A program that does nothing but run a Dag processor, for tests to watch or kill: `parse-host.ts FOLDER CACHE [IDLE_MS]`. */
import { createDagProcessor } from '../../scheduler/dag-processor/index.ts'
import * as airflow from '../../sdk/airflow.ts'
import * as tradewind from '../../sdk/index.ts'

const [folder = '', cacheDir = '', idleMs] = process.argv.slice(2)
const processor = createDagProcessor({
  folder,
  cacheDir,
  bundles: { saveBundle: async () => undefined },
  report: () => undefined,
  parseChildEntry: new URL('../../worker/parse-child.ts', import.meta.url),
  sdkExports: { tradewind: Object.keys(tradewind), airflow: Object.keys(airflow) },
  limits: { parseTimeoutMs: 60_000, parseMemoryMb: 256 },
  childEnv: {},
  log: (line) => console.log(line),
  ...(idleMs === undefined ? {} : { idleMs: Number(idleMs) }),
})
await processor.start()
