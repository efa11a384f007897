/** Writes openapi.json anew from the schemas of the REST routes. */
import { writeFileSync } from 'node:fs';
import { openApiText } from '../test/support/openapi.ts';

writeFileSync(new URL('../openapi.json', import.meta.url), await openApiText());
