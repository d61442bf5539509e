import { createLocalExecutor } from '../../executor/local-executor.ts'
import { describeExecutor } from './conformance.ts'
import { localOptions } from './harness.ts'

describeExecutor('local', ({ api, logs, folder }) => createLocalExecutor(localOptions(folder, { api, logs })))
