/**
 * Chooses the user that runs the code of Dag files. When the program is root, code runs as an unprivileged user that
 * can neither read the program's memory and environment nor the data folder: that is the one boundary that holds
 * against malice. Whether that user can read what it needs is tried with a real child, not guessed from modes.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'

export interface Identity {
  readonly uid: number
  readonly gid: number
}

export interface ChosenIdentity {
  /** `null`: the program's own. */
  readonly identity: Identity | null
  /** Why it is its own, when that is worth a warning. */
  readonly warning: string | null
}

export interface IdentityRequest {
  /** `executor.child_user`; `null` chooses. */
  readonly wanted: string | null
  /** The program's own uid; `null` where there are none (Windows). */
  readonly ownUid: number | null
  /** What the child must be able to read and enter. */
  readonly folders: readonly string[]
}

/** Throws `CommandFailure` when a user was asked for and cannot be had. */
export async function chooseChildIdentity(request: IdentityRequest): Promise<ChosenIdentity> {
  const { wanted, ownUid, folders } = request
  if (wanted === 'same') return { identity: null, warning: null }
  if (wanted !== null) {
    const identity = await lookUp(wanted)
    if (ownUid !== 0) {
      if (identity.uid === ownUid) return { identity: null, warning: null }
      throw new CommandFailure(
        `executor.child_user is "${wanted}" (uid ${identity.uid}), but only root may start processes as another user.`,
        'Start the program as root, or set executor.child_user to "same".',
        EXIT_USAGE,
      )
    }
    const trouble = await probe(identity, folders)
    if (trouble === null) return { identity, warning: null }
    throw new CommandFailure(
      `executor.child_user is "${wanted}" (uid ${identity.uid}), but that user ${trouble}.`,
      'Give it read access, or set executor.child_user to another user or to "same".',
      EXIT_USAGE,
    )
  }
  if (ownUid !== 0) return { identity: null, warning: null }
  const nobody = await findUser('nobody')
  if (nobody === null) {
    return { identity: null, warning: warn('this system has no user nobody') }
  }
  const trouble = await probe(nobody, folders)
  if (trouble === null) return { identity: nobody, warning: null }
  return { identity: null, warning: warn(`the user nobody ${trouble}`) }
}

function warn(why: string): string {
  return (
    `Code of Dag files runs as root, because ${why}. It could read this program's secrets. ` +
    'Make the folder readable to others (chmod -R a+rX), or set executor.child_user.'
  )
}

async function lookUp(wanted: string): Promise<Identity> {
  const numbers = /^(\d+)(?::(\d+))?$/.exec(wanted)
  if (numbers !== null) {
    const uid = Number(numbers[1])
    return { uid, gid: numbers[2] === undefined ? uid : Number(numbers[2]) }
  }
  const found = await findUser(wanted)
  if (found !== null) return found
  throw new CommandFailure(
    `executor.child_user is "${wanted}", but /etc/passwd has no such user.`,
    'Name one it has, or give uid:gid, or "same".',
    EXIT_USAGE,
  )
}

async function findUser(name: string): Promise<Identity | null> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name && uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return null
}

/** Runs in the child: prints the first folder that cannot be read or entered. */
const PROBE = `
const { accessSync, constants, readdirSync } = require('node:fs')
for (const folder of process.argv.slice(1)) {
  try { accessSync(folder, constants.R_OK | constants.X_OK); readdirSync(folder) }
  catch (error) { process.stdout.write('cannot read ' + folder + ' (' + error.code + ')'); process.exit(3) }
}`

/** `null`, or what that user cannot do. */
async function probe(identity: Identity, folders: readonly string[]): Promise<string | null> {
  const child = spawn(process.execPath, ['-e', PROBE, ...folders], {
    uid: identity.uid,
    gid: identity.gid,
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot run ${process.execPath} (${error.message})`))
    child.once('close', (code) => resolve(code === 0 ? null : said || `cannot run ${process.execPath}`))
  })
}
