/** Text of users on a terminal: colours stay, everything that could move the cursor or reprogram the terminal goes. */
import { stripVTControlCharacters } from 'node:util'

const ESC = '\u001b'
// Colours and weights only: CSI, digits and semicolons, m.
const COLOUR = new RegExp(`${ESC}\\[[0-9;]*m`, 'g')

/** Without any escape sequence or control character, except tab and newline. */
export function safeText(text: string): string {
  return dropControls(stripVTControlCharacters(text))
}

/** The same, but colours stay. */
export function safeColouredText(text: string): string {
  let result = ''
  let from = 0
  for (const match of text.matchAll(COLOUR)) {
    result += safeText(text.slice(from, match.index)) + match[0]
    from = match.index + match[0].length
  }
  const rest = safeText(text.slice(from))
  return result === '' ? rest : `${result}${rest}${ESC}[0m`
}

function dropControls(text: string): string {
  let result = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    const isControl = (code < 32 && code !== 9 && code !== 10) || (code >= 127 && code < 160)
    if (!isControl) result += character
  }
  return result
}
