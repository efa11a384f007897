import type { Issue } from '../../../model/issue.ts';
import { DEFAULT_DIRECTORY, HTTP_FILE, LOCATION_FILE, SERVER_FILE, routeFile } from '../options.ts';
import type { Adopted, Found } from './adopt.ts';
import { aroundOf, serversOf } from './find.ts';
import { type Place, lines, named, walk, words } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** Long for a node that is near, and no long wait for a client. */
const QUICK_MS = 500;

const OURS = /(?:^|\/)(?:http|server|location(?:-[A-Za-z0-9._-]+)?)\.conf$/;

/** What the owner of a text has to change in it, so that mirrors are what the control plane says. */
export function changesFor(top: readonly Directive[], found: Found): readonly Issue[] {
  const changes = new Map<Directive, Issue>();
  const holders = new Set<Directive | undefined>();
  for (const { mirrorLines } of found.adopted) {
    for (const { directive, holder } of mirrorLines) {
      const first = !holders.has(holder?.directive);
      holders.add(holder?.directive);
      const route = found.routes.get(holder?.directive);
      const file = include(route === undefined ? LOCATION_FILE : routeFile(route));
      const message = first
        ? `replace "${words(directive)};" by "${file}"`
        : `take out "${words(directive)};": the include has it`;
      changes.set(directive, { path: lines(directive), message });
    }
  }
  for (const holder of holders) {
    for (const directive of named(holder?.block ?? top, 'mirror_request_body')) {
      changes.set(directive, {
        path: lines(directive),
        message: `take out "${words(directive)};": the include has it, and NGINX refuses a second one`,
      });
    }
  }
  for (const one of found.adopted) for (const change of leftovers(top, one)) changes.set(...change);
  const inOrder = [...changes].sort(([a], [b]) => a.line - b.line).map(([, issue]) => issue);
  return [...includes(top, found.adopted), ...inOrder];
}

/** A target that hangs holds up clients for as long as its limits let it, until it is switched off. */
export function slownessOf({ adoption }: Found): readonly Issue[] {
  return adoption.targets
    .filter(({ limits }) => limits.maxStreamDurationMs > QUICK_MS)
    .map(({ name, limits }) => ({
      path: '',
      message:
        `a client's next request on its connection waits for a copy that is not answered, here up to ` +
        `${limits.maxStreamDurationMs} ms until the agent switches the target off. If the node answers faster, say so: ` +
        `PATCH /v1/targets/${name} {"limits":{"maxStreamDuration":"${QUICK_MS}ms"}}`,
    }));
}

function include(file: string): string {
  return `include ${DEFAULT_DIRECTORY}/${file};`;
}

/** What makes copies now, and is of no use then. */
function leftovers(top: readonly Directive[], { location, destination }: Adopted): [Directive, Issue][] {
  const ours = location.directive;
  const goes = (directive: Directive, unless: string): [Directive, Issue] => [
    directive,
    { path: lines(directive), message: `"${words(directive)}" can go${unless}` },
  ];
  const others = [destination.split?.directive, destination.upstream].flatMap((one) => one ?? []);
  return [
    goes(ours, ''),
    ...others
      .filter((one) => !isUsedElsewhere(top, one, location))
      .map((one) => goes(one, ': nothing else names it')),
  ];
}

/** Whether anything but that location has its name among its words. */
function isUsedElsewhere(top: readonly Directive[], one: Directive, location: Place): boolean {
  const name = one.name === 'split_clients' ? one.args.at(-1) : one.args[0];
  if (name === undefined) return true;
  for (const { directive, around } of walk(top)) {
    if (directive === one || directive === location.directive || around.includes(location.directive))
      continue;
    if (directive.args.some((word) => word.includes(name))) return true;
  }
  return false;
}

/** Where the files for http and server go; nothing where they are included already. */
function includes(top: readonly Directive[], adopted: readonly Adopted[]): readonly Issue[] {
  const missing: Issue[] = [];
  const [http] = named(top, 'http');
  if (!includesFile(top, HTTP_FILE)) {
    const line = include(HTTP_FILE);
    missing.push(
      http === undefined
        ? { path: '', message: `in http {}, before any server {}: add "${line}"` }
        : { path: `line ${http.line}`, message: `after "http {" add "${line}"` },
    );
  }
  const servers = serversOf(top);
  const mirrored = servers.filter((server) =>
    adopted.some(({ mirrorLines }) =>
      mirrorLines.some(({ holder }) => isWithin(top, server, holder) || holder === undefined),
    ),
  );
  const line = include(SERVER_FILE);
  for (const server of mirrored) {
    if (includesFile(server.block ?? [], SERVER_FILE)) continue;
    missing.push({ path: `line ${server.line}`, message: `after "server {" add "${line}"` });
  }
  if (servers.length === 0 && !includesFile(top, SERVER_FILE))
    missing.push({ path: '', message: `in every server {} to be mirrored: add "${line}"` });
  return missing;
}

function includesFile(directives: readonly Directive[], file: string): boolean {
  return [...walk(directives)].some(
    ({ directive: { name, args } }) => name === 'include' && args[0]?.endsWith(`/${file}`) === true,
  );
}

/** A line in a server, or around it. */
function isWithin(top: readonly Directive[], server: Directive, holder: Place | undefined): boolean {
  if (holder === undefined) return false;
  const chain = [holder.directive, ...holder.around];
  return chain.includes(server) || aroundOf(top, server).includes(holder.directive);
}

/** Names of locations that the text includes a file of ours for; undefined where it includes none at all. */
export function includedRoutes(top: readonly Directive[]): ReadonlySet<string | undefined> | undefined {
  const files = [...walk(top)].flatMap(({ directive: { name, args } }) =>
    name === 'include' && args[0]?.includes('mirrorplane') === true && OURS.test(args[0]) ? [args[0]] : [],
  );
  if (files.length === 0) return undefined;
  return new Set(
    files.flatMap((file) => {
      const [, location, route] = /\/(location)(?:-(.+))?\.conf$/.exec(file) ?? [];
      return location === undefined ? [] : [route];
    }),
  );
}
