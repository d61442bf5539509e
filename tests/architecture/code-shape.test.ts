/** What every file keeps to: its size, its name, its opening comment, and where the environment is read. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, sourceFiles } from './source-files.ts'

const files = sourceFiles()
const MAX_LINES = 400

/** Names behind which anything can hide. */
const GRAB_BAG = /^(utils?|helpers?|common|managers?|misc|shared|lib|tools?|stuff)$|-(utils?|helpers?|manager)$/

/** The child gives each try the environment it was allowed and takes it back afterwards: that is its task. */
const MAY_TOUCH_ENV = /^worker\//

test(`no file is longer than ${MAX_LINES} lines`, () => {
  expect(files.filter((file) => file.lines > MAX_LINES).map((file) => `${file.path}: ${file.lines} lines`)).toEqual([])
})

test('no file or folder is a grab-bag', () => {
  const named = files.filter((file) =>
    file.path.split('/').some((part) => GRAB_BAG.test(basename(part).replace(/\.tsx?$/, ''))),
  )
  expect(named.map((file) => file.path)).toEqual([])
})

test('process.env is read in cli/ only', () => {
  const readers = files.filter(
    (file) =>
      file.room !== 'cli' &&
      !MAY_TOUCH_ENV.test(file.path) &&
      /\bprocess\.env\b|\benv\b.*from 'node:process'/.test(file.code),
  )
  expect(readers.map((file) => file.path)).toEqual([])
})

test('every file opens with a comment that says what it is for', () => {
  const silent = files.filter((file) => {
    const text = readFileSync(join(ROOT, file.path), 'utf8').replace(/^#!.*\n/, '')
    return !/^\s*(\/\*\*|\/\/|(import|export)[\s\S]{0,3000}?\n\/\*\*)/.test(text)
  })
  expect(silent.map((file) => file.path)).toEqual([])
})
