import type { Directive } from './tokens.ts';

/** A location with all that is around it, the innermost first. */
export interface Place {
  readonly directive: Directive;
  readonly around: readonly Directive[];
}

/** Everything in a text, in its order, with what is around it. */
export function* walk(directives: readonly Directive[], around: readonly Directive[] = []): Generator<Place> {
  for (const directive of directives) {
    yield { directive, around };
    if (directive.block !== undefined) yield* walk(directive.block, [directive, ...around]);
  }
}

export function named(directives: readonly Directive[] | undefined, name: string): readonly Directive[] {
  return (directives ?? []).filter((directive) => directive.name === name);
}

/** What stands beside servers, and is in force in all of them. */
export function outside(top: readonly Directive[]): readonly Directive[] {
  return [...top, ...named(top, 'http').flatMap(({ block }) => block ?? [])];
}

/** What is in force in `place`: in it, or in the nearest block around it that says so. */
export function inForce({ directive, around }: Place, name: string): Directive | undefined {
  for (const { block } of [directive, ...around]) {
    const found = named(block, name).at(-1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The same, at the top of a part of a file too, whose blocks around are not known. */
export function inForceOrTop(top: readonly Directive[], place: Place, name: string): Directive | undefined {
  return inForce(place, name) ?? named(top, name).at(-1);
}

/** Where a request for `uri` goes in a server, as far as plain and exact locations say. */
export function locationFor(directives: readonly Directive[], uri: string): Place | undefined {
  let best: Place | undefined;
  let length = -1;
  for (const place of walk(directives)) {
    const { name, args } = place.directive;
    if (name !== 'location') continue;
    const [first = '', second] = args;
    if (second !== undefined && first === '=' && second === uri) return place;
    const prefix = second === undefined ? first : first === '^~' ? second : undefined;
    if (prefix === undefined || prefix.startsWith('@') || !uri.startsWith(prefix)) continue;
    if (prefix.length > length) [best, length] = [place, prefix.length];
  }
  return best;
}

/** `location /a`, as its owner wrote it. */
export function words({ name, args }: Directive): string {
  return [name, ...args].join(' ');
}

/** `line 3`, or `lines 3 to 8`. */
export function lines({ line, end }: Directive): string {
  return end === undefined || end === line ? `line ${line}` : `lines ${line} to ${end}`;
}
