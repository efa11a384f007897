const NAME = /^[A-Za-z0-9._-]{1,63}$/;

export const NAME_RULE = 'must be 1 to 63 letters, digits, "-", "_" or ".", and not "." or ".."';

/** Whether `text` may name a fleet, target, mirror or rollout. It is a path segment of its URL as it stands. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text) && text !== '.' && text !== '..';
}

/** The nearest thing to `text` that is a name: for objects named after something in a native configuration. */
export function toName(text: string, fallback = 'unnamed'): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
  return isName(name) ? name : fallback;
}

/** `base`, or `base-2`, `base-3`, ...: the first that is not `taken`. */
export function freeName(base: string, taken: (name: string) => boolean): string {
  if (!taken(base)) return base;
  for (let n = 2; ; n++) {
    const suffix = `-${n}`;
    const name = base.slice(0, 63 - suffix.length) + suffix;
    if (!taken(name)) return name;
  }
}
