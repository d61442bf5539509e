/** A whole host in a process of its own, for tests that kill it: runs the tasks named on its command line, prints starts. */
import { dagOf, makeWorld } from './harness.ts'

const world = await makeWorld({ heartbeat: { everyMs: 100, lostAfterMs: 5_000 } })
const bundleHash = world.bundle(
  dagOf({
    spins: '() => { for (;;); }',
    grandchild: `() => new Promise(() => {
      const child = require('node:child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
      child.on('spawn', () => tw.getClient().setVariable('grandchild', String(child.pid)))
    })`,
  }),
)
const dispatches = process.argv.slice(2).map((taskId) => world.dispatch({ bundleHash, taskId, timeoutMs: null }))
await Promise.all(dispatches.map((dispatch) => world.started(dispatch)))
while (process.argv.includes('grandchild') && !world.api.variables.has('grandchild')) {
  await new Promise((resolve) => setTimeout(resolve, 5))
}
const pids = world.reports.flatMap((report) => (report.type === 'started' ? [report.pid] : []))
const grandchild = Number(world.api.variables.get('grandchild')?.value ?? 0)
process.stdout.write(`${JSON.stringify({ pids, grandchild, folder: world.folder })}\n`)
for (const dispatch of dispatches) {
  void world.ended(dispatch).then((ended) => process.stdout.write(`${JSON.stringify(ended)}\n`))
}
