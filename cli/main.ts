/**
 * Where the program begins; `bin/tradewind.js` comes here after it has looked at Node's version. Nothing is loaded before
 * it is known to be needed: the version is there as soon as Node is.
 */
import { packageVersion } from './package-root.ts'

// The reader of a pipe may leave early (`| head`): that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

const words = process.argv.slice(2)
if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${packageVersion()}\n`)
} else {
  const { receiveHandover } = await import('./secret-handover.ts')
  receiveHandover()
  const { runCli } = await import('./program.ts')
  process.exitCode = await runCli(process.argv, process)
}
