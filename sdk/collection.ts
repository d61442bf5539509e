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

const OPEN = Symbol.for('tradewind.collections')

function openCollections(): unknown[][] {
  const globals = globalThis as { [OPEN]?: unknown[][] }
  globals[OPEN] ??= []
  return globals[OPEN]
}

/** Opens a collection; the innermost open one gets what is declared. */
export function openCollection<D>(): Collection<D> {
  const dags: D[] = []
  const open = openCollections()
  open.push(dags)
  return {
    dags,
    end: () => {
      const index = open.indexOf(dags)
      if (index !== -1) open.splice(index, 1)
    },
  }
}

/** Called by every new Dag; outside a collection (in a running task, in a test) it does nothing. */
export function register(dag: object): void {
  openCollections().at(-1)?.push(dag)
}
