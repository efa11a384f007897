import type { Issue } from '../../../model/issue.ts';
import { type Json, fieldsOf, textOf } from '../json.ts';
import { PROVIDER } from '../names.ts';
import { isInForce, reasonOf } from '../read-back.ts';
import type { Trial } from './document.ts';

/** By section of `/api/rawdata`: what it is in a document. What others are built of comes first. */
const SECTIONS = [
  ['middlewares', 'http.middlewares'],
  ['services', 'http.services'],
  ['routers', 'http.routers'],
  ['tcpMiddlewares', 'tcp.middlewares'],
  ['tcpServices', 'tcp.services'],
  ['tcpRouters', 'tcp.routers'],
  ['udpServices', 'udp.services'],
  ['udpRouters', 'udp.routers'],
] as const;

/** What Traefik has against a trial; undefined: it does not have it yet. */
export function findingsOf(trial: Trial, answer: unknown): readonly Issue[] | undefined {
  const raw = fieldsOf(answer);
  if (!isInForce(fieldsOf(trial.json['http']), raw)) return undefined;
  const found = new Map<string, Issue>();
  for (const [section, path] of SECTIONS) {
    for (const [name, entry] of Object.entries(fieldsOf(raw[section]))) {
      const own = nameOf(name);
      if (own === undefined || fieldsOf(entry)['status'] !== 'disabled') continue;
      const reason = reasonOf(fieldsOf(entry));
      // A router's reason is often that of its middleware, in the same words.
      if (!found.has(reason)) found.set(reason, { path: `${path}.${own}`, message: `Traefik: ${reason}` });
    }
  }
  return [...found.values()];
}

function nameOf(name: string): string | undefined {
  const end = `@${PROVIDER}`;
  return name.endsWith(end) ? name.slice(0, -end.length) : undefined;
}

const TRANSPORT = /^Could not configure (HTTP|TCP) Transport (.+)@http\b/;

/** What a line of Traefik's log, which is JSON, has against the document; undefined: nothing. */
export function findingIn(line: string): Issue | undefined {
  const { level, message, error, providerName } = parsed(line);
  if (level !== 'error') return undefined;
  const [, kind, name] = TRANSPORT.exec(textOf(message) ?? '') ?? [];
  const words = `Traefik: ${textOf(error) ?? textOf(message) ?? 'refused without a word'}`;
  if (kind !== undefined)
    return { path: `${kind.toLowerCase()}.serversTransports.${name ?? ''}`, message: words };
  return providerName === PROVIDER ? { path: '', message: words } : undefined;
}

function parsed(line: string): Json {
  try {
    return fieldsOf(JSON.parse(line) as unknown);
  } catch {
    return {};
  }
}
