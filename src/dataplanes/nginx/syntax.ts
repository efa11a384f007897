import { contentHash } from '../../snapshot/build.ts';

/** NGINX refuses a parameter that does not fit into its buffer of 4096 bytes. */
export const MAX_LINE_BYTES = 4000;

/** NGINX has no escape for a dollar where it looks for variables: a variable holds one. */
const DOLLAR = 'mirrorplane_dollar';

/** Must stand in http.conf where {@link literal} was used on a text with a dollar. */
export const DOLLAR_BLOCK = `geo $${DOLLAR} { default "$"; }`;

/** A parameter as it is, where NGINX looks for no variables: patterns, paths, names. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** A parameter as it is, where NGINX would replace variables in it. */
export function literal(text: string): string {
  return quoted(text).replaceAll('$', `\${${DOLLAR}}`);
}

/** A pattern that matches just `text`. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/** For comments: what could end the line, or be taken for something else by a terminal, is left out. */
export function commented(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}

/**
 * What a mirror's variables, upstream and zone are called. Not its name: NGINX knows no case in them, few characters,
 * and refuses long ones unless its owner raises `variables_hash_bucket_size`.
 */
export function symbolOf(mirror: string): string {
  return `mirrorplane_${contentHash(mirror).slice(0, 12)}`;
}

/** `host:port`, or `[address]:port`. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `    ${line}`));
}
