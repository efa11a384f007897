import { load } from 'js-yaml';
import { createTraefikDataPlane } from '../../../src/dataplanes/traefik/index.ts';
import { TYPE_URL } from '../../../src/dataplanes/traefik/names.ts';
import { type GoldenCase, buildCase, goldenTests } from '../../support/golden.ts';

goldenTests('traefik/', (input: GoldenCase) => {
  const built = buildCase(createTraefikDataPlane(), 'edge', input);
  if ('issues' in built) return built;
  const resources = built.compiled.snapshot('document').types.get(TYPE_URL)?.resources;
  const [served] = [...(resources?.values() ?? [])];
  // What is served, read again from its bytes as Traefik reads it: as YAML.
  return { ...built.said, document: load(served?.body.toString('utf8') ?? '') };
});
