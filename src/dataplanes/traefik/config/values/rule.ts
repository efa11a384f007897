import type { Json } from '../../json.ts';
import { isStatusRange } from './texts.ts';

/** What a value must be like beyond its type, so that Traefik makes something of it. */
export interface ValueRule {
  /** What is looked at: each item of a list (or the value, where it is none), each key of a map, or the field as a whole. */
  readonly of: 'items' | 'keys' | 'field';
  /** What breaks it is told, and taken all the same. */
  readonly isHint: boolean;
  /** What is wrong, and what to do; undefined: nothing. `owner`: the object whose field it is. */
  readonly fault: Fault;
}

/** By type of object and field, as in schema/fields.ts; `''`: the object as a whole. */
export type ValueTable = Readonly<Record<string, Readonly<Record<string, readonly ValueRule[]>>>>;

type Fault = (value: unknown, owner: Json) => string | undefined;

export const items = (fault: Fault): ValueRule => ({ of: 'items', isHint: false, fault });
export const keys = (fault: Fault): ValueRule => ({ of: 'keys', isHint: false, fault });
/** Looked at even where the field is not given. */
export const field = (fault: Fault): ValueRule => ({ of: 'field', isHint: false, fault });
export const hint = (rule: ValueRule): ValueRule => ({ ...rule, isHint: true });

/** A rule of texts. An empty text is as good as none to Traefik, mostly. */
export function texts(test: (text: string) => boolean, message: string): ValueRule {
  return items((value) => (test(String(value)) ? undefined : message));
}

export function filledTexts(test: (text: string) => boolean, message: string): ValueRule {
  return texts((text) => text === '' || test(text), message);
}

export function oneOf(values: readonly string[]): ValueRule {
  return filledTexts((text) => values.includes(text), `must be one of ${values.join(', ')}`);
}

export function numbers(test: (number: number) => boolean, message: string): ValueRule {
  return items((value) => (test(Number(value)) ? undefined : message));
}

export const statuses: ValueRule = texts(
  isStatusRange,
  'must be a status or a range of them, such as "502" or "500-599"',
);

export const notNegative: ValueRule = numbers((number) => number >= 0, 'must not be below 0');

export function required(help: string): ValueRule {
  return field((value) => (isMissing(value) ? `is required: ${help}` : undefined));
}

export function isMissing(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** A duration as Traefik has it, whole seconds or a text; whether it is below, at or above nothing. */
export function signOf(duration: unknown): number {
  if (typeof duration === 'number') return Math.sign(duration);
  const text = String(duration);
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith('-') ? -1 : 1;
}
