/** A program of its own for the crash tests: runs the embedded server of a folder and prints its address as JSON. */
import { startEmbeddedServer } from '../../database/embedded/server.ts'

const [dataDir] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('give the data folder')
const server = await startEmbeddedServer({ dataDir, log: (line) => console.error(line) })
console.log(JSON.stringify(server.connection))
// A child of the same process group, as tasks are: it must not keep the server alive.
process.on('SIGTERM', () => {
  void server.stop().then(() => process.exit(0))
})
setInterval(() => {}, 1_000)
