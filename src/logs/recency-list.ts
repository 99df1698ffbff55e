/** A member of a {@link RecencyList}: it carries its own links, so that moving one costs no memory. */
export interface RecencyNode<Node> {
  older: Node | undefined;
  newer: Node | undefined;
}

/** Members in the order in which they were last appended. A member is in one list at a time. */
export class RecencyList<Node extends RecencyNode<Node>> {
  oldest: Node | undefined;
  newest: Node | undefined;

  append(node: Node): void {
    node.older = this.newest;
    node.newer = undefined;
    if (this.newest === undefined) this.oldest = node;
    else this.newest.newer = node;
    this.newest = node;
  }

  remove(node: Node): void {
    if (node.older === undefined) this.oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.newest = node.older;
    else node.newer.older = node.older;
    node.older = undefined;
    node.newer = undefined;
  }
}
