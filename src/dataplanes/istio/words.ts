const MOST = 3;

/** `a, b, c and 5 more`: lists can be long, and messages must not be. */
export function theFirst(names: readonly string[]): string {
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  return `${names.slice(0, MOST).join(', ')}${more}`;
}
