/** An Envoy bootstrap nests some 40 deep; protobuf itself stops at 100. */
export const MAX_DEPTH = 150;
/** Values after aliases are followed: 32 MiB of honest YAML has fewer. */
const MAX_VALUES = 8_000_000;

/** Why parsed YAML or JSON is too large to be looked at. Walks without recursion: JSON.parse bounds no depth. */
export function oversize(root: unknown): string | undefined {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  let values = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    values += 1;
    if (values > MAX_VALUES) return `too large: more than ${MAX_VALUES} values once aliases are followed`;
    if (typeof top.value !== 'object' || top.value === null) continue;
    if (top.depth >= MAX_DEPTH) return `nested more than ${MAX_DEPTH} deep`;
    for (const child of Object.values(top.value)) stack.push({ value: child, depth: top.depth + 1 });
  }
  return undefined;
}
