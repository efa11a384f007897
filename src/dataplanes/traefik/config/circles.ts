/** Each circle once. */
export function circles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const way: { readonly name: string; next: number }[] = done.has(start) ? [] : [{ name: start, next: 0 }];
    const onWay = new Set([start]);
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const to = graph.get(top.name)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        way.pop();
        onWay.delete(top.name);
        done.add(top.name);
      } else if (onWay.has(to)) {
        found.push(way.slice(way.findIndex(({ name }) => name === to)).map(({ name }) => name));
      } else if (!done.has(to) && graph.has(to)) {
        way.push({ name: to, next: 0 });
        onWay.add(to);
      }
    }
  }
  return found;
}
