import { type Json, fieldsOf, namesIn, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { servicesOf } from './services.ts';

type Kind = 'services' | 'middlewares';

/** Pieces that something can be wrong with and Traefik serves the rest, as long as no router leads to them. */
const PIECES = [
  'http.services',
  'http.middlewares',
  'tcp.services',
  'tcp.middlewares',
  'udp.services',
  'tls.options',
];

/**
 * Tells paths within a piece of the configuration that no router leads to, by whatever is between. Traefik makes nothing of such
 * a piece, so that it is nobody's loss if it cannot.
 */
export function idlePaths(config: Json): (path: string) => boolean {
  const reached = new Set<string>(['tls.options.default']);
  for (const section of ['http', 'tcp', 'udp']) walk(section, fieldsOf(config[section]), reached);
  return (path) => {
    const kind = PIECES.find((one) => path.startsWith(`${one}.`));
    if (kind === undefined) return false;
    const [section = '', list = ''] = kind.split('.');
    const names = fieldsOf(fieldsOf(config[section])[list]);
    const name = nameIn(path.slice(kind.length + 1), names);
    return name !== undefined && !reached.has(`${kind}.${name}`);
  };
}

/** Names may have dots in them: the longest that there is. */
function nameIn(path: string, names: Json): string | undefined {
  for (
    let end = path.length;
    end > 0;
    end = Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1))
  ) {
    const name = path.slice(0, end);
    if (Object.hasOwn(names, name)) return name;
  }
  return undefined;
}

function walk(section: string, parts: Json, reached: Set<string>): void {
  const waiting: (readonly [Kind, string])[] = [];
  const reach = (kind: Kind, references: readonly unknown[]): void => {
    for (const reference of references) {
      const name = ownName(String(reference));
      if (name === undefined || reached.has(`${section}.${kind}.${name}`)) continue;
      reached.add(`${section}.${kind}.${name}`);
      waiting.push([kind, name]);
    }
  };
  for (const router of Object.values(fieldsOf(parts['routers'])).map(fieldsOf)) {
    reach('services', [router['service']]);
    reach('middlewares', namesIn(router['middlewares']));
    const options = textOf(fieldsOf(router['tls'])['options']);
    if (options !== undefined) reached.add(`tls.options.${ownName(options) ?? options}`);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [kind, name] = next;
    const piece = fieldsOf(fieldsOf(parts[kind])[name]);
    if (kind === 'services')
      reach(
        'services',
        servicesOf(piece, '').map(({ name: to }) => to),
      );
    else if (piece['errors'] !== undefined) reach('services', [fieldsOf(piece['errors'])['service']]);
    reach('middlewares', [
      ...namesIn(piece['middlewares']),
      ...namesIn(fieldsOf(piece['chain'])['middlewares']),
    ]);
  }
}
