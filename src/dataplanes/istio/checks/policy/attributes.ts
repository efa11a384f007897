import type { IssueList } from '../../../../model/issue.ts';
import { isSubnet } from '../names.ts';
import { checkEach } from '../values.ts';

/** What the texts of a list are. None of them may be empty. */
export interface Values {
  readonly words: string;
  readonly most?: number;
  readonly is: (text: string) => boolean;
}

export function checkValues(list: unknown, { most, is, words }: Values, issues: IssueList): void {
  if (most !== undefined && Array.isArray(list) && list.length > most)
    issues.add(`cannot be more than ${most}`);
  checkEach(list, issues, (text, at) => {
    if (text === '' || !is(text)) at.add(`must be ${words}`);
  });
}

export const anyText: Values = { words: 'a text with something in it', is: () => true };

export const ipBlock: Values = { words: 'an IP address or a network such as 10.0.0.0/8', is: isSubnet };

export const portNumber: Values = {
  words: 'the number of a port',
  is: (text) => /^\d+$/.test(text) && Number(text) <= 65_535,
};

const ACCOUNT = /^[^/*]+(?:\/[^/*]+)?$/;

export const serviceAccounts: Values = {
  words: 'ACCOUNT or NAMESPACE/ACCOUNT, without *',
  most: 16,
  is: (text) => ACCOUNT.test(text) && Buffer.byteLength(text) <= 320,
};

/** One `*`, first or last. */
export const wildcard: Values = {
  words: 'a text with one * at most, first or last',
  is: (text) => /^(?:\*?[^*]*|[^*]*\*)$/s.test(text),
};

export const trustDomain: Values = {
  words: 'a trust domain, with one * at most, first or last',
  is: (text) => wildcard.is(text) && !text.includes('/'),
};

const ONE = '{*}';
const ANY = '{**}';
/** https://www.rfc-editor.org/rfc/rfc3986#appendix-A, and what istiod takes besides. */
const LITERAL = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

export const pathTemplate: Values = {
  words: `a path, in which {*} is one part and {**} the rest, and no other { or }`,
  is: (path) => {
    const isTemplate = path.includes(ONE) || path.includes(ANY);
    const parts = path.replace(/^\/+|\/+$/g, '').split('/');
    const rest = parts.indexOf(ANY);
    if (rest !== -1 && parts.slice(rest + 1).some((part) => part === ONE || part === ANY)) return false;
    return parts.every(
      (part) => part === ONE || part === ANY || (!/[{}]/.test(part) && (!isTemplate || LITERAL.test(part))),
    );
  },
};
