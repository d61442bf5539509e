/**
 * Which file a Dag id belongs to when several declare it: the one that declared it first, and of those present at the
 * start the first by name. Others are told whose it is, and have it as soon as the first gives it up.
 */
export interface DagClaims {
  /**
   * Replaces what `file` declares. `rank`: lower is earlier; counts only for ids it did not declare before.
   * Returns the other files whose claim may have changed by that.
   */
  declare(file: string, dagIds: readonly string[], rank: number): ReadonlySet<string>
  /** Of the ids a file declares, those that belong to another file. */
  conflicts(file: string): readonly { readonly dagId: string; readonly owner: string }[]
}

export function createDagClaims(): DagClaims {
  const ranks = new Map<string, Map<string, number>>()
  const declared = new Map<string, readonly string[]>()

  function ownerOf(dagId: string): string | undefined {
    let owner: string | undefined
    let best = Number.POSITIVE_INFINITY
    for (const [file, rank] of ranks.get(dagId) ?? []) {
      if (rank < best || (rank === best && owner !== undefined && file < owner)) {
        owner = file
        best = rank
      }
    }
    return owner
  }

  return {
    declare(file, dagIds, rank) {
      const touched = new Set<string>()
      const before = declared.get(file) ?? []
      for (const dagId of before) {
        if (dagIds.includes(dagId)) continue
        ranks.get(dagId)?.delete(file)
        if (ranks.get(dagId)?.size === 0) ranks.delete(dagId)
      }
      for (const dagId of dagIds) {
        const claims = ranks.get(dagId) ?? new Map<string, number>()
        if (!claims.has(file)) claims.set(file, rank)
        ranks.set(dagId, claims)
      }
      for (const dagId of [...before, ...dagIds]) {
        for (const other of ranks.get(dagId)?.keys() ?? []) if (other !== file) touched.add(other)
      }
      if (dagIds.length === 0) declared.delete(file)
      else declared.set(file, dagIds)
      return touched
    },
    conflicts(file) {
      return (declared.get(file) ?? []).flatMap((dagId) => {
        const owner = ownerOf(dagId)
        return owner === undefined || owner === file ? [] : [{ dagId, owner }]
      })
    },
  }
}
