import { FULL } from '../../../model/percent.ts';
import type { Ppm } from '../../../model/percent.ts';
import { named, walk } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** Values of a split_clients variable, each with its share. */
export interface Split {
  readonly directive: Directive;
  readonly shares: readonly { readonly value: string; readonly ppm: Ppm }[];
}

/** By variable, with its `$`. */
export function splitsOf(directives: readonly Directive[]): ReadonlyMap<string, Split> {
  const splits = new Map<string, Split>();
  for (const { directive } of walk(directives)) {
    const { name, args, block } = directive;
    const variable = args.at(-1);
    if (name !== 'split_clients' || variable === undefined) continue;
    let rest = FULL;
    const shares = (block ?? []).map(({ name: share, args: [value = ''] }) => {
      const digits = /^(\d{1,3})(?:\.(\d{1,2}))?%$/.exec(share);
      const ppm =
        digits === null ? rest : Number(digits[1]) * 10_000 + Number((digits[2] ?? '').padEnd(2, '0')) * 100;
      rest = Math.max(0, rest - ppm);
      return { value, ppm };
    });
    splits.set(variable, { directive, shares });
  }
  return splits;
}

/** Which values of a variable a location does not copy: `if ($v = "") { return 204; }` and its like. */
export function guardsOf(
  location: Directive,
): readonly { variable: string; passes: (value: string) => boolean }[] {
  return named(location.block, 'if').flatMap(({ args, block }) => {
    const returns = (block ?? []).some(({ name }) => name === 'return');
    const condition = /^\(\s*(\$\w+)\s*(?:(!?=)\s*(.*?))?\s*\)$/.exec(args.join(' '));
    if (!returns || condition === null) return [];
    const [, variable = '', operator, value = ''] = condition;
    if (operator === undefined)
      return [{ variable, passes: (actual: string) => actual === '' || actual === '0' }];
    return [{ variable, passes: (actual: string) => (actual === value) !== (operator === '=') }];
  });
}
