/** Airflow's edge labels: `a.before(Label.of('when empty').on(b))`. The edge is drawn; its text is not kept yet. */
import { brand } from '../brand.ts'
import { GraphNode, type Node } from '../graph-node.ts'

class LabelledNodes extends GraphNode {
  constructor(nodes: readonly Node[]) {
    super()
    brand(this, 'label', nodes)
  }
}

export class Label {
  readonly text: string

  constructor(text = '') {
    this.text = text
  }

  static of(text: string): Label {
    return new Label(text)
  }

  /** The nodes, to be passed to `before` or `after`. */
  on(node: Node, ...more: readonly Node[]): Node {
    return new LabelledNodes([node, ...more])
  }
}
