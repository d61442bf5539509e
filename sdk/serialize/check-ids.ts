/** Ids of Dags, tasks and groups: what they may look like, and that each is there once. */
import { type DagDeclarations, describe } from '../declarations.ts'
import type { Report, Sources } from './report.ts'

const ID = /^[\p{L}\p{N}_.-]+$/u
const LONGEST = 250
const REMEDY = `Use letters, digits, "_", "-" and ".", at most ${LONGEST} characters.`

const BAD = { task: 'bad-task-id', group: 'bad-group-id' } as const
const DUPLICATE = { task: 'duplicate-task-id', group: 'duplicate-group-id' } as const

/** What is wrong with an id, or `undefined`. */
function whyBadId(id: unknown): string | undefined {
  if (typeof id !== 'string') return `is ${describe(id)}, not text`
  if (id === '') return 'is empty'
  if (id.length > LONGEST) return `has ${id.length} characters`
  if (ID.test(id)) return undefined
  const [strange] = /[^\p{L}\p{N}_.-]/u.exec(id) ?? []
  return `has the character ${JSON.stringify(strange)} in it`
}

/** Reports bad and repeated ids of the Dag, its tasks and its groups; tasks and groups share one set of names. */
export function checkIds(dag: DagDeclarations, sources: Sources, report: Report): void {
  const why = whyBadId(dag.dagId)
  if (why !== undefined) {
    report({ code: 'bad-dag-id', message: `The Dag id ${describe(dag.dagId)} ${why}.`, remedy: REMEDY, site: dag.site })
  }
  const named = [
    ...dag.groups.map((group) => ({ what: 'group' as const, id: group.groupId, site: group.site, task: false })),
    ...dag.tasks.map((task) => ({ what: 'task' as const, id: task.taskId, site: task.site, task: true })),
  ]
  const first = new Map<string, (typeof named)[number]>()
  for (const one of named) {
    const bad = whyBadId(one.id)
    const { id, site, what } = one
    const taskId = one.task ? id : undefined
    if (bad !== undefined) {
      report({
        code: BAD[what],
        message: `The ${what} id ${describe(id)} ${bad}.`,
        remedy: REMEDY,
        site,
        taskId,
      })
    }
    const other = first.get(id)
    if (other === undefined) {
      first.set(id, one)
      continue
    }
    const position = other.site === undefined ? null : sources.positionOf(other.site)
    const where = position === null ? '' : `, declared in ${position.file} line ${position.line}`
    report({
      code: DUPLICATE[what],
      message: `The Dag "${dag.dagId}" has two things called "${id}": this ${what} and a ${other.what}${where}.`,
      remedy: 'Give one of them another id, or put it into a taskGroup.',
      site,
      taskId,
    })
  }
}
