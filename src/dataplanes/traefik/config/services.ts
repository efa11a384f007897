import { type Json, fieldsOf, listOf } from '../json.ts';

/** A name that something in the configuration has for something else, and where it stands. */
export interface Reference {
  readonly name: unknown;
  readonly path: string;
}

export const SERVICE_TYPES = ['loadBalancer', 'weighted', 'highestRandomWeight', 'mirroring', 'failover'];

/** The services that a service hands requests to. */
export function servicesOf(service: Json, path: string): readonly Reference[] {
  const named = (type: string, ...fields: readonly string[]): readonly Reference[] =>
    service[type] === undefined
      ? []
      : fields.map((field) => ({
          name: fieldsOf(service[type])[field],
          path: `${path}.${type}.${field}`,
        }));
  const listed = (type: string, list: string): readonly Reference[] =>
    listOf(fieldsOf(service[type])[list]).map((item, index) => ({
      name: fieldsOf(item)['name'],
      path: `${path}.${type}.${list}[${index}].name`,
    }));
  return [
    ...listed('weighted', 'services'),
    ...listed('highestRandomWeight', 'services'),
    ...named('mirroring', 'service'),
    ...listed('mirroring', 'mirrors'),
    ...named('failover', 'service', 'fallback'),
  ];
}
