/** Where the program begins; `bin/tradewind.js` comes here after it has looked at Node's version. */
import { runCli } from './program.ts'
import { receiveHandover } from './secret-handover.ts'

receiveHandover()
// The reader of a pipe may leave early (`| head`): that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
process.exitCode = await runCli(process.argv, process)
