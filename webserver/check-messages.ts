/**
 * Holds requests to their schemas, and answers too where that is asked for (tests). Invariants: a parameter or field that
 * the schema does not name is refused with its name; text of a query or path becomes a number or boolean where
 * the schema has one; a body is taken as it is.
 */
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { FastifySerializerCompiler } from 'fastify/types/schema.js'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'

/** More would only repeat themselves. */
const MOST_PROBLEMS = 10

interface Problem {
  readonly keyword: string
  readonly instancePath: string
  readonly schemaPath: string
  readonly params: Record<string, unknown>
  readonly message: string
}

const checkRequest: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema)
  const isText = httpPart !== 'body'
  return (value: unknown) => {
    const filled: unknown = isText ? Value.Default(schema, Value.Convert(schema, value)) : Value.Default(schema, value)
    if (check.Check(filled)) return { value: filled }
    const found = problemsOf([...check.Errors(filled)] as Problem[])
    // Fastify takes an array of problems for the error itself.
    return { error: found as unknown as Error }
  }
}

function problemsOf(errors: readonly Problem[]): Problem[] {
  const named = errors.flatMap((error): Problem[] => {
    const names = unknownNames(error)
    if (names.length === 0) return [error]
    return names.map((name) => ({
      ...error,
      keyword: 'extra_forbidden',
      instancePath: `${error.instancePath}/${name}`,
      message: `"${name}" is not known here; check its spelling or leave it out`,
    }))
  })
  // Each unknown name is told once; that a closed schema «has no such property» adds nothing.
  const telling = named.filter((error) => error.keyword !== 'boolean' && error.keyword !== '~guard')
  return (telling.length > 0 ? telling : named).slice(0, MOST_PROBLEMS)
}

function unknownNames({ keyword, params }: Problem): string[] {
  if (keyword !== 'additionalProperties' && keyword !== 'unevaluatedProperties') return []
  const names = params[keyword]
  return Array.isArray(names) ? names.map(String) : []
}

export function addMessageChecks(app: FastifyInstance, checkAnswers: boolean): void {
  app.setValidatorCompiler(checkRequest)
  const plain: FastifySerializerCompiler<TSchema> = () => (data) => JSON.stringify(data)
  const checked: FastifySerializerCompiler<TSchema> = ({ schema, url, httpStatus }) => {
    const check = Compile(schema)
    return (data) => {
      const sent: unknown = JSON.parse(JSON.stringify(data))
      if (!check.Check(sent)) {
        const [first] = check.Errors(sent)
        throw new Error(`${url} ${httpStatus}: ${first?.instancePath} ${first?.message}: ${JSON.stringify(sent)}`)
      }
      return JSON.stringify(data)
    }
  }
  app.setSerializerCompiler(checkAnswers ? checked : plain)
}
