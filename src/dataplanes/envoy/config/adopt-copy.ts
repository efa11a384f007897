import { checkMirror } from '../../../model/check-mirror.ts';
import { type Copy, DEFAULT_COPY } from '../../../model/mirror.ts';
import { type Json, dig, object, objects, string } from '../json.ts';

/** How an owner's policy changes the copy, as far as a mirror can say it; the rest by name. */
export function copyOf(policy: Json): { readonly copy: Copy; readonly dropped: readonly string[] } {
  const dropped: string[] = [];
  const removeHeaders: string[] = [];
  const setHeaders: Record<string, string> = {};
  for (const mutation of objects(policy['request_headers_mutations'])) {
    const removed = string(mutation['remove']);
    const header = object(dig(mutation, 'append', 'header'));
    const key = string(header?.['key']);
    const value = string(header?.['value']);
    if (removed !== undefined && isGood({ removeHeaders: [removed] }))
      removeHeaders.push(removed.toLowerCase());
    else if (
      key !== undefined &&
      value !== undefined &&
      !value.includes('%') &&
      isGood({ setHeaders: { [key]: value } })
    )
      setHeaders[key.toLowerCase()] = value;
    else
      dropped.push(
        'a change of the copy was not adopted: only removed headers and literal values can be; see the mirror',
      );
  }
  const runtimeKey = string(dig(policy, 'runtime_fraction', 'runtime_key'));
  if (runtimeKey !== undefined) {
    dropped.push(`runtime key "${runtimeKey}" has no say any more: the mirror's percent has`);
  }
  if (policy['host_rewrite_literal'] !== undefined) {
    dropped.push('host_rewrite_literal was not adopted: the copy carries the Host that the edge saw');
  }
  if (removeHeaders.length === 0 && Object.keys(setHeaders).length === 0)
    return { copy: DEFAULT_COPY, dropped };
  const copy = {
    ...DEFAULT_COPY,
    removeHeaders: Object.freeze(
      [...new Set(removeHeaders)].filter((name) => !Object.hasOwn(setHeaders, name)),
    ),
    setHeaders: Object.freeze(setHeaders),
  };
  return { copy: Object.freeze(copy), dropped };
}

/** Whether a mirror may have it: the same rules as for what comes by REST. */
function isGood(copy: Partial<Copy>): boolean {
  return checkMirror('adopted', { fleet: 'f', target: 't', percent: 0, copy }).ok;
}
