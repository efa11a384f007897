import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import { checkPort } from './names.ts';
import { checkPolicyTargets } from './selectors.ts';
import { filled, isFilled } from './values.ts';

const MAX_CODE = 65_536;

export function checkWasmPlugin(spec: Json, issues: IssueList): void {
  checkPolicyTargets(spec, issues);
  checkWasm(spec, issues);
  checkMatch(spec['match'], issues.at('match'));
}

export function checkTrafficExtension(spec: Json, issues: IssueList): void {
  checkPolicyTargets(spec, issues);
  if (filled(spec, 'wasm', 'lua').length !== 1) issues.add('needs one of wasm and lua');
  const wasm = object(spec['wasm']);
  if (wasm !== undefined) checkWasm(wasm, issues.at('wasm'));
  const lua = object(spec['lua']);
  const code = Buffer.byteLength(string(lua?.['inlineCode']) ?? '');
  if (lua !== undefined && (code === 0 || code > MAX_CODE))
    issues.at('lua').at('inlineCode').add(`must be 1 to ${MAX_CODE} bytes`);
  checkMatch(spec['match'], issues.at('match'));
}

const SCHEMES = new Set(['file:', 'http:', 'https:', 'oci:']);
const SHA256 = /^[a-f0-9]{64}$/;
const BOUNDS: readonly (readonly [string, number])[] = [
  ['imagePullSecret', 253],
  ['pluginName', 256],
];

function checkWasm(wasm: Json, issues: IssueList): void {
  const url = string(wasm['url']);
  if (url === undefined) issues.at('url').add('is required');
  else if (!isModule(url))
    issues.at('url').add('must be an address of file, http, https or oci, or an image');
  const sha = string(wasm['sha256']);
  if (sha !== undefined && !SHA256.test(sha)) issues.at('sha256').add('must be 64 of 0-9 and a-f');
  for (const [key, most] of BOUNDS)
    if (Buffer.byteLength(string(wasm[key]) ?? '') > most)
      issues.at(key).add(`must not be longer than ${most} bytes`);
  const names = new Set<unknown>();
  objects(object(wasm['vmConfig'])?.['env']).forEach(({ name, value, valueFrom = 'INLINE' }, index) => {
    const at = issues.at('vmConfig').at('env').at(index);
    if (!isFilled(name) || Buffer.byteLength(String(name)) > 256) at.at('name').add('must be 1 to 256 bytes');
    if (names.has(name)) at.at('name').add('is given twice');
    names.add(name);
    if (valueFrom !== 'INLINE' && isFilled(value)) at.at('value').add('can be given for INLINE only');
  });
}

/** Without a scheme it is a path, or an image of a registry: `ghcr.io/org/plugin:v1`. */
function isModule(url: string): boolean {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase();
  if (scheme !== undefined) return SCHEMES.has(scheme) && URL.canParse(url);
  return url.startsWith('/') || URL.canParse(`http://${url}`);
}

function checkMatch(match: unknown, issues: IssueList): void {
  objects(match).forEach((selector, index) =>
    objects(selector['ports']).forEach(({ number }, port) =>
      checkPort(number, issues.at(index).at('ports').at(port).at('number')),
    ),
  );
}
