/** An argument of a try as the API shows it. */
import { Type } from 'typebox'
import { Closed, MaybeText } from './shapes.ts'

export const InputBody = Closed({
  name: Type.String(),
  sources: Type.Array(Type.String(), { description: '`task:<id>`, `param:<name>`; none for what the file says.' }),
  value: Type.Unknown({ description: 'null when truncated.' }),
  bytes: Type.Integer({ description: 'Size as JSON, as far as it is known.' }),
  truncated: Type.Boolean(),
  start: MaybeText,
})
