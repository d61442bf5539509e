/**
 * How the Dags of a file are found: every new Dag registers with the collection that is open while the file is imported.
 * The open collection hangs on a `Symbol.for` global, so Dags of any copy of this package are found. Files are imported one
 * after another: two open collections at once would share what is declared.
 */

/** What is collected between `beginCollection()` and `end()`, in order of construction. */
export interface Collection<D> {
  readonly dags: readonly D[]
  /** Stops collecting; later Dags do not register here. */
  end(): void
}

export interface CollectionOptions {
  /**
   * False: nobody will ask where in the file a thing was declared. Finding that out takes longer than declaring it, which a
   * child pays for every bundle it loads to run.
   */
  readonly places?: boolean
}

const OPEN = Symbol.for('tradewind.collections')
const PLACELESS = Symbol.for('tradewind.placeless')

function openCollections(): unknown[][] {
  const globals = globalThis as { [OPEN]?: unknown[][] }
  globals[OPEN] ??= []
  return globals[OPEN]
}

function placelessCollections(): WeakSet<object> {
  const globals = globalThis as { [PLACELESS]?: WeakSet<object> }
  globals[PLACELESS] ??= new WeakSet()
  return globals[PLACELESS]
}

/** Opens a collection; the innermost open one gets what is declared. */
export function openCollection<D>({ places = true }: CollectionOptions = {}): Collection<D> {
  const dags: D[] = []
  const open = openCollections()
  open.push(dags)
  if (!places) placelessCollections().add(dags)
  return {
    dags,
    end: () => {
      const index = open.indexOf(dags)
      if (index !== -1) open.splice(index, 1)
    },
  }
}

/** Whether anybody wants to know where the author declared things. */
export function wantsPlaces(): boolean {
  const innermost = openCollections().at(-1)
  return innermost === undefined || !placelessCollections().has(innermost)
}

/** Called by every new Dag; outside a collection (in a running task, in a test) it does nothing. */
export function register(dag: object): void {
  openCollections().at(-1)?.push(dag)
}
