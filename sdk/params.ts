/**
 * Params: what a run can be started with. An author writes a map of names, a JSON Schema or a Standard Schema (zod, ...);
 * this file gives the type of the values, `serialize/read-params.ts` the JSON Schema that is stored.
 */
import type { Json } from '../core/json.ts'

/** The part of JSON Schema that types are taken from; any further keyword is allowed. */
export interface JsonSchema {
  readonly type?: string | readonly string[] | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly const?: unknown
  readonly default?: unknown
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly properties?: { readonly [name: string]: JsonSchema } | undefined
  readonly items?: JsonSchema | undefined
  readonly [keyword: string]: unknown
}

/** One param: a JSON Schema (with `default` unless it has to be given), or a plain value as its default. */
export type ParamSpec = string | number | boolean | null | readonly Json[] | JsonSchema

/** A schema of a library that follows the Standard Schema convention and can tell its JSON Schema. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
    readonly [more: string]: unknown
  }
}

/** A map `{ region: { type: 'string', default: 'eu' }, limit: 10 }`, a JSON Schema of an object, or a Standard Schema. */
export type ParamsSpec =
  | { readonly [name: string]: ParamSpec }
  | { readonly type: 'object'; readonly properties: { readonly [name: string]: JsonSchema } }
  | StandardSchema

/** The values a run has for the params `S`. */
export type ParamsOf<S> =
  S extends StandardSchema<infer Output>
    ? Output
    : S extends { readonly type: 'object'; readonly properties: infer Properties }
      ? { readonly [K in keyof Properties]: ParamValue<Properties[K]> }
      : { readonly [K in keyof S]: ParamValue<S[K]> }

type ParamValue<S> = S extends string
  ? string
  : S extends number
    ? number
    : S extends boolean
      ? boolean
      : S extends null
        ? Json
        : S extends readonly (infer E)[]
          ? readonly ParamValue<E>[]
          : SchemaValue<S>

type SchemaValue<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: readonly (infer Types)[] }
      ? Types extends string
        ? TypeValue<Types, S>
        : Json
      : S extends { readonly type: infer Type }
        ? TypeValue<Type, S>
        : Json

type TypeValue<Type, S> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? S extends { readonly items: infer Items }
            ? readonly SchemaValue<Items>[]
            : readonly Json[]
          : Type extends 'object'
            ? S extends { readonly properties: infer Properties }
              ? { readonly [K in keyof Properties]: SchemaValue<Properties[K]> }
              : { readonly [name: string]: Json }
            : Json
