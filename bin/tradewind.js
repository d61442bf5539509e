#!/usr/bin/env node
/*
 * The command. Written so that an old Node can read it: it says which Node it found and what to do, in place of a
 * syntax error out of some file. Everything else is in cli/main.ts.
 */
import process from 'node:process'

var OLDEST = [22, 12]

function tooOld(version) {
  var parts = version.split('.').map(Number)
  return parts[0] < OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] < OLDEST[1])
}

if (tooOld(process.versions.node)) {
  process.stderr.write(
    'tradewind needs Node ' +
      OLDEST.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      'Install a newer one (https://nodejs.org), or start it through npm (npx tradewind, npm start) in a project\n' +
      'whose devDependencies hold "node": "^24".\n',
  )
  process.exit(1)
} else {
  import('../dist/cli/main.js').catch((error) => {
    if (error && error.code === 'ERR_MODULE_NOT_FOUND' && /dist.cli.main\.js/.test(String(error.message))) {
      process.stderr.write('tradewind is not built yet: dist/cli/main.js is missing. Run: npm run build\n')
    } else {
      process.stderr.write(String((error && error.stack) || error) + '\n')
    }
    process.exit(1)
  })
}
