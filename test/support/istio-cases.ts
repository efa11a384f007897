/** Resources of Istio, good and bad, by template: each row is one thing that istiod looks at. */
import { readFileSync, readdirSync } from 'node:fs';
import { load } from 'js-yaml';

export const VERDICTS = new URL('../golden/istio/verdicts/', import.meta.url);
/** What istiod says of each, made by istio-verdicts.ts: a resource, a tab, and nothing where it takes it. */
export const SAID = new URL('istiod.txt', VERDICTS);

interface Template {
  readonly title: string;
  readonly kind: string;
  readonly apiVersion?: string;
  readonly metadata?: object;
  readonly spec: unknown;
  readonly values?: readonly unknown[];
  /** What istiod takes and we do not. */
  readonly stricter?: readonly { readonly value: unknown; readonly why: string }[];
}

export interface Case {
  readonly title: string;
  /** JSON. */
  readonly resource: string;
  readonly why: string | undefined;
}

/** By file. */
export function readCases(): ReadonlyMap<string, readonly Case[]> {
  const files = readdirSync(VERDICTS).filter((name) => name.endsWith('.yaml'));
  return new Map(files.sort().map((name) => [name.replace('.yaml', ''), casesOf(name)]));
}

function casesOf(file: string): readonly Case[] {
  const templates = load(readFileSync(new URL(file, VERDICTS), 'utf8')) as readonly Template[];
  return templates.flatMap((template) => [
    ...(template.values ?? []).map((value) => caseOf(template, value, undefined)),
    ...(template.stricter ?? []).map(({ value, why }) => caseOf(template, value, why)),
  ]);
}

/** `$x64`: that many letters. */
const LONG = /^\$x(\d+)$/;

function caseOf({ title, kind, apiVersion, metadata, spec }: Template, given: unknown, why?: string): Case {
  const length = typeof given === 'string' ? LONG.exec(given)?.[1] : undefined;
  const value = length === undefined ? given : 'x'.repeat(Number(length));
  const resource = {
    apiVersion: apiVersion ?? 'networking.istio.io/v1',
    kind,
    metadata: { name: 'o', namespace: 'default', ...(fill(metadata ?? {}, value) as object) },
    spec: fill(spec, value),
  };
  return { title: `${kind}: ${title}: ${JSON.stringify(given)}`, resource: JSON.stringify(resource), why };
}

function fill(template: unknown, value: unknown): unknown {
  if (template === '$') return value;
  if (Array.isArray(template)) return template.map((item) => fill(item, value));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).flatMap(([key, child]) =>
      key === '$' ? Object.entries(value as object) : [[key, fill(child, value)]],
    ),
  );
}

/** By resource: empty where istiod takes it. */
export function readSaid(): ReadonlyMap<string, string> {
  const lines = readFileSync(SAID, 'utf8').split('\n').slice(1, -1);
  return new Map(lines.map((line) => line.split('\t') as [string, string]));
}
