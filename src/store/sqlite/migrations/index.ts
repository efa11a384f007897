import type { Migration } from '../migrate.ts';
import { up as history } from './0001-history.ts';
import { up as verdicts } from './0002-verdicts.ts';

/** In order; the position (from 1) is the schema's number. A released one is never changed. */
export const MIGRATIONS: readonly Migration[] = [history, verdicts];
