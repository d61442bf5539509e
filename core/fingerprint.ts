/**
 * Which failures are probably the same fault. Two of them have one fingerprint when kind, message and place are equal once
 * everything is masked that differs from case to case: numbers, ids, dates, paths, quoted values. Dag and task play no part,
 * so an outage elsewhere is one group, whoever met it.
 *
 * Invariant: a pure function of the cause, and stable: stored letters are grouped with new ones, so a change of the rules
 * below needs a new `VERSION` and tells old groups from new ones.
 */
import { createHash } from 'node:crypto'
import type { CauseOfDeath } from './cause-of-death.ts'

const VERSION = '1'
/** Of the message: what is beyond is data, mostly. It bounds the time of the masks too. */
const LONGEST_LOOKED_AT = 1_000
const LONGEST_KEPT = 300
const LENGTH = 16

export function fingerprint(cause: Pick<CauseOfDeath, 'kind' | 'message' | 'stack' | 'exitCode' | 'signal'>): string {
  const { kind, message, stack, exitCode, signal } = cause
  const facts = [VERSION, kind, maskMessage(message), placeOf(stack ?? ''), exitCode ?? null, signal ?? null]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, LENGTH)
}

/** The first line of a message with its particulars masked. Exported for its table of examples. */
export function maskMessage(message: string): string {
  const line = message.slice(0, LONGEST_LOOKED_AT).trim().split('\n', 1)[0] ?? ''
  let text = line.replaceAll(/\s+/g, ' ')
  for (const [pattern, mask] of MASKS) text = text.replaceAll(pattern, mask)
  return text.slice(0, LONGEST_KEPT)
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*'
const DAY = '(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?'
const CLOCK = String.raw`\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?`
const ZONE = String.raw`(?: ?(?:Z\b|UTC\b|GMT\b)?(?:[+-]\d{2}:?\d{2})?(?: \([A-Z][\w +:-]*\))?)`

/** In this order: what is whole (a URL, a date) before what is in it (a number). */
const MASKS: readonly (readonly [RegExp, string])[] = [
  // What is quoted is a value nearly always. An apostrophe within a word opens nothing.
  [/"(?:[^"\\]|\\.)*"/g, '<value>'],
  [/`[^`]*`/g, '<value>'],
  [/(?<![\w])'[^']*'(?!\w)/g, '<value>'],
  [/[“„][^“”]*[“”]/g, '<value>'],
  [/«[^»]*»/g, '<value>'],
  // The host says who failed; what was asked of it does not.
  [/\b([a-z][a-z0-9+.-]{1,15}:\/\/)(?:[^\s/@]*@)?([^\s/?#"'<>)\],;]+)[^\s"'<>)\],;]*/gi, '$1$2/<path>'],
  [/[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+/g, '<email>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [new RegExp(String.raw`\b\d{4}-\d{2}-\d{2}(?:[T ]${CLOCK}${ZONE})?`, 'g'), '<date>'],
  [new RegExp(String.raw`\b${DAY}${MONTH} \d{1,2},? \d{4}(?:,? ${CLOCK}${ZONE})?`, 'g'), '<date>'],
  [new RegExp(String.raw`\b${DAY}\d{1,2} ${MONTH} \d{4}(?: ${CLOCK}${ZONE})?`, 'g'), '<date>'],
  [/\b\d{1,2}[./]\d{1,2}[./]\d{4}\b/g, '<date>'],
  [new RegExp(String.raw`(?<![\w.:])${CLOCK}(?![\w:])`, 'g'), '<date>'],
  [/(?<![\w:.])\[?(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\]?:(?=\d)/gi, '<address>:'],
  [/(?<![\w:.])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b/gi, '<address>'],
  [/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\.\d)/g, '<address>'],
  [/(?<![\w<>/:.-])(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w.@+~-]+(?:[/\\][\w.@+~<>-]+)*[/\\]?(?::\d+){0,2}/g, '<path>'],
  [/(?<![\w<>/:.-])[\w.@-]+(?:\/[\w.@-]+){2,}(?::\d+){0,2}/g, '<path>'],
  [/\b0x[0-9a-f]+\b/gi, '<id>'],
  [/(?<![\w-])(?=[a-f-]*\d)(?=[\d-]*[a-f])[0-9a-f]{8,}(?![\w])/gi, '<id>'],
  // Letters and digits in turn: nobody writes such a word.
  [/(?<![\w<])(?=\w*(?:\d[A-Za-z]+\d|[A-Za-z]\d+[A-Za-z]))(?=\w{8})\w+/g, '<id>'],
  // Numbers, except those that say what went wrong: `status 503`, `code 23505`.
  [
    /(?<!\b(?:status|status code|code|sqlstate|errno|http)[ :=#(]{1,2}(?:[A-Z]{0,3}|\d+))(?<![\w<])[+-]?\d+(?:[.,:]\d+)*/gi,
    '<n>',
  ],
  [/(?<=[A-Za-z_])(?<!\b(?:status|code|sqlstate|errno|http)[ :=#(]{1,2}[A-Z]{1,3})\d+/gi, '<n>'],
  [/(?<=<n>-)\d+/g, '<n>'],
  // Lists of any length are alike.
  [/(<\w+>)(?:(?:, ?| ?; ?| and | or |,? ?\| ?)\1)+/g, '$1'],
]

/** Function and file of the innermost frame that is the author's, else of the innermost of all; no line numbers. */
function placeOf(stack: string): string {
  const frames: string[] = []
  for (const line of stack.slice(0, LARGEST_STACK).split('\n')) {
    const frame = /^\s+at (.+)$/.exec(line)
    if (frame !== null) frames.push(frame[1]!)
    // The chain of causes begins: what was thrown last says where.
    else if (frames.length > 0) break
  }
  const own = frames.find((frame) => !/\bnode:|(?:^|[(/\\ ])node_modules[/\\]|<anonymous>\)?$/.test(frame))
  return frameName(own ?? frames[0] ?? '')
}

const LARGEST_STACK = 8_000

function frameName(frame: string): string {
  const [, name = '', place = frame] = /^(.*?) ?\(([^()]*)\)$/.exec(frame) ?? []
  const called = name.replace(/^(?:async |new )+/, '').replace(/ \[as [^\]]*\]$/, '')
  const file = place
    .replace(/^async /, '')
    .replace(/(?::\d+){1,2}$/, '')
    .replace(/\?.*$/, '')
  // Where the author's file is not known the folder is that of a machine.
  const short = /^(?:file:|[/\\]|[A-Za-z]:[/\\])/.test(file) ? file.replace(/^.*[/\\]/, '') : file
  return `${called === 'Object.<anonymous>' ? '' : called} ${short.replaceAll(/\d+|[0-9a-f]{16,}/g, '#')}`.trim()
}
