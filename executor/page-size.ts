/** How many bytes a page of memory has here: /proc counts in pages. 4096 on most machines, 16384 or 65536 on some ARM ones. */
import { readFileSync } from 'node:fs'

const USUAL = 4096
/** Key of the page size in the auxiliary vector (`AT_PAGESZ`). */
const PAGE_SIZE_KEY = 6n

/** `vector`: pairs of 64-bit words (every platform with a 64-bit Node.js but s390x is little-endian), as the kernel gives them to every program. */
export function pageSizeIn(vector: Buffer): number | null {
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    const [key, value] = [vector.readBigUInt64LE(at), vector.readBigUInt64LE(at + 8)]
    if (key === PAGE_SIZE_KEY) return Number(value)
  }
  return null
}

export const PAGE_BYTES = readPageSize()

function readPageSize(): number {
  try {
    return pageSizeIn(readFileSync('/proc/self/auxv')) ?? USUAL
  } catch {
    // No /proc: then nothing counts in pages either.
    return USUAL
  }
}
