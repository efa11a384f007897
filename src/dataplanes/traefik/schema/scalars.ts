import type { IssueList } from '../../../model/issue.ts';

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const DURATION = /^[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/;
/** As Go's strconv.ParseBool. */
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/**
 * Reads one value as Traefik does: from its text, whatever it is in YAML, so that `percent: "50"` is 50 and `users: 7` is "7".
 * Answers it in the type that it is wanted in.
 */
export function readScalar(value: unknown, type: string, issues: IssueList): unknown {
  const text = scalarText(value);
  if (text === undefined) return refuse(issues, `must be ${WORDS[type] ?? type}`);
  if (!text.isWellFormed()) return refuse(issues, 'must be well-formed Unicode');
  switch (type) {
    case 'bool':
      if (TRUE.has(text)) return true;
      return FALSE.has(text) ? false : refuse(issues, 'must be true or false');
    case 'int':
    case 'uint': {
      const number = INTEGER.test(text) ? Number(text) : NaN;
      if (Number.isSafeInteger(number) && (type === 'int' || number >= 0)) return number;
      return refuse(issues, `must be ${WORDS[type]}`);
    }
    case 'float':
      return NUMBER.test(text) ? Number(text) : refuse(issues, `must be ${WORDS[type]}`);
    case 'duration':
      if (INTEGER.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
      return DURATION.test(text) ? text : refuse(issues, `must be ${WORDS[type]}`);
    case 'plain':
      return value;
    default:
      // Traefik would write it with six decimals.
      if (typeof value === 'number' && !Number.isSafeInteger(value))
        return refuse(issues, 'must be text: put it in quotes');
      return text;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  bool: 'true or false',
  int: 'a whole number',
  uint: 'a whole number, not below 0',
  float: 'a number',
  duration: 'a duration such as "500ms", or whole seconds',
  plain: 'text, a number, true or false',
};

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

function refuse(issues: IssueList, message: string): undefined {
  issues.add(message);
  return undefined;
}
