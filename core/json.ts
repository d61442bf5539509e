/** A value that survives JSON. XComs, params, conf and literals are of this type. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
