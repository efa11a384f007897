import { type Issue, type IssueList } from '../../../model/issue.ts';
import { ROOT } from './fields.ts';
import { type Field, OBJECTS } from './objects.ts';
import { readScalar } from './scalars.ts';

/** YAML's bound for a key on one line is 1024 characters, quotes and escapes among them. */
const MAX_KEY = 256;

/**
 * Reads a dynamic configuration as Traefik does, and refuses what makes Traefik refuse all of it. Answers it in canonical
 * spelling, without what Traefik passes over.
 */
export function readShape(value: unknown, warnings: Issue[], issues: IssueList): Record<string, unknown> {
  const known = OBJECTS.get(ROOT) ?? new Map<string, Field>();
  const given = isObject(value) ? Object.entries(value) : [];
  const other = given.filter(([key]) => !known.has(key.toLowerCase())).map(([key]) => key);
  for (const key of other) {
    const message =
      'is no part of a dynamic configuration, which has http, tcp, udp and tls; Traefik ignores it';
    warnings.push({ path: key, message });
  }
  const kept = Object.fromEntries(given.filter(([key]) => !other.includes(key)));
  return (readObject(kept, ROOT, issues) ?? {}) as Record<string, unknown>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined: refused, or nothing. */
function readValue(value: unknown, type: string, issues: IssueList): unknown {
  if (type.startsWith('[')) return readList(value, type.slice(1, -1), issues);
  if (type.startsWith('{')) return readMap(value, type.slice(1, -1), issues);
  if (type === 'any') return readAny(value, issues);
  return OBJECTS.has(type) ? readObject(value, type, issues) : readScalar(value, type, issues);
}

function readObject(value: unknown, type: string, issues: IssueList): unknown {
  if (!isObject(value)) return refuse(issues, 'must be an object');
  const fields = OBJECTS.get(type) ?? new Map<string, Field>();
  const found = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    const field = fields.get(key.toLowerCase());
    const at = issues.at(key);
    // Traefik passes over what has no value.
    if (inner === null) continue;
    if (field === undefined) {
      const known = [...fields.values()].map(({ name }) => name).join(', ');
      at.add(known === '' ? 'is not known here' : `is not known here; known are ${known}`);
    } else if (found.has(field.name)) at.add(`is given twice, in another case`);
    else {
      const read = readFieldValue(inner, field, at);
      if (read !== undefined) found.set(field.name, read);
    }
  }
  return Object.fromEntries(found);
}

/** A field that holds an object or a map must hold something, unless it is a switch, such as `tls: {}` or `compress: true`. */
function readFieldValue(value: unknown, { type, mayBeEmpty }: Field, issues: IssueList): unknown {
  const holds = type.startsWith('{') || OBJECTS.has(type);
  if (mayBeEmpty && (value === true || value === 'true')) return {};
  if (mayBeEmpty && !isObject(value) && holds) return undefined;
  const before = issues.items.length;
  const read = readValue(value, type, issues);
  const isEmpty = holds && isObject(read) && Object.keys(read).length === 0;
  if (isEmpty && !mayBeEmpty) {
    if (issues.items.length === before) issues.add('must not be empty: leave it out');
    return undefined;
  }
  return read;
}

function readList(value: unknown, type: string, issues: IssueList): unknown {
  const isOfObjects = OBJECTS.has(type);
  if (!Array.isArray(value)) {
    if (isOfObjects || isObject(value)) return refuse(issues, 'must be a list');
    const text = readScalar(value, 'string', issues) as string | undefined;
    // As in Traefik's labels.
    const items = text === undefined || text === '' ? [] : text.split(',').map((item) => item.trim());
    return items.map((item, index) => readScalar(item, type, issues.at(index)));
  }
  return (value as unknown[]).flatMap((item, index) => {
    const at = issues.at(index);
    // Traefik joins the items by it, and parts them again; without the spaces around each.
    if (typeof item === 'string' && item.includes('║')) return refuse(at, 'must not contain "║"') ?? [];
    return readValue(typeof item === 'string' ? item.trim() : item, type, at) ?? [];
  });
}

function readMap(value: unknown, type: string, issues: IssueList): unknown {
  if (!isObject(value)) return refuse(issues, 'must be an object');
  const found: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const at = issues.at(key);
    if (inner === null) continue;
    if (key === '' || key.length > MAX_KEY || !key.isWellFormed())
      at.add(`must have a name of 1 to ${MAX_KEY} characters`);
    else found.push([key, readValue(inner, type, at) ?? (OBJECTS.has(type) ? {} : undefined)]);
  }
  return Object.fromEntries(found.filter(([, read]) => read !== undefined));
}

/** What a plugin takes is its own business, as far as Traefik can read it. */
function readAny(value: unknown, issues: IssueList): unknown {
  if (Array.isArray(value)) {
    return (value as unknown[]).flatMap((item, index) => {
      const at = issues.at(index);
      return (Array.isArray(item) ? refuse(at, 'must not be a list in a list') : readAny(item, at)) ?? [];
    });
  }
  if (!isObject(value)) return readScalar(value, typeof value === 'string' ? 'string' : 'plain', issues);
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, readAny(inner, issues.at(key))]));
}

function refuse(issues: IssueList, message: string): undefined {
  issues.add(message);
  return undefined;
}
