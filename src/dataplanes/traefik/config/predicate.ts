import { ExpressionError, TokenReader, type Token, tokensOf } from './tokens.ts';

/** What a function of a condition takes, and what it gives. */
interface Signature {
  readonly takes: readonly ('int' | 'float')[];
  readonly gives: 'condition' | 'int' | 'float' | 'text';
}

export type Language = Readonly<Record<string, Signature>>;

/** `circuitBreaker.expression` */
export const BREAKER: Language = {
  LatencyAtQuantileMS: { takes: ['float'], gives: 'int' },
  NetworkErrorRatio: { takes: [], gives: 'float' },
  ResponseCodeRatio: { takes: ['int', 'int', 'int', 'int'], gives: 'float' },
};

/** `buffering.retryExpression` */
export const RETRY: Language = {
  Attempts: { takes: [], gives: 'int' },
  IsNetworkError: { takes: [], gives: 'condition' },
  RequestMethod: { takes: [], gives: 'text' },
  ResponseCode: { takes: [], gives: 'int' },
};

/** What is wrong with a condition, whose functions a language names. Undefined: nothing. */
export function faultOfCondition(condition: string, language: Language): string | undefined {
  try {
    const reader = new TokenReader(tokensOf(condition));
    requireCondition(readJoined(reader, language, 0));
    reader.end();
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}

/** A part of a condition: a literal of its type, or what a function gives. */
interface Part {
  readonly type: Signature['gives'];
  readonly isLiteral: boolean;
  readonly text: string;
}

const WORDS = {
  int: 'a whole number',
  float: 'a number with a point, such as 0.5',
  text: 'a text in quotes',
} as const;
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const MAX_DEPTH = 100;

/** Which of "&&" and "||" binds closer does not matter here: both join conditions, and give one. */
function readJoined(reader: TokenReader, language: Language, depth: number): Part {
  if (depth > MAX_DEPTH) throw new ExpressionError(`is nested more than ${MAX_DEPTH} deep`);
  const first = readCompared(reader, language, depth);
  if (!reader.isAhead('&&', '||')) return first;
  requireCondition(first);
  while (reader.isAhead('&&', '||')) {
    reader.next();
    requireCondition(readCompared(reader, language, depth));
  }
  return first;
}

function readCompared(reader: TokenReader, language: Language, depth: number): Part {
  let part = readPart(reader, language, depth);
  while (reader.isAhead(...COMPARISONS)) {
    const operator = reader.next().text;
    part = compared(part, operator, readPart(reader, language, depth));
  }
  return part;
}

function compared(left: Part, operator: string, right: Part): Part {
  const text = `${left.text} ${operator} ${right.text}`;
  if (left.isLiteral || left.type === 'condition')
    throw new ExpressionError(`has ${text}: a function is to be compared with a value`);
  if (left.type === 'text' && operator !== '==' && operator !== '!=')
    throw new ExpressionError(`has ${text}: a text is compared with == or !=`);
  if (!right.isLiteral || right.type !== left.type)
    throw new ExpressionError(`has ${text}: compare ${left.text} with ${WORDS[left.type]}`);
  return { type: 'condition', isLiteral: false, text };
}

function requireCondition({ type, isLiteral, text }: Part): void {
  if (type === 'condition') return;
  const help = isLiteral ? 'where a condition should be' : `alone: compare it with ${WORDS[type]}`;
  throw new ExpressionError(`has ${text} ${help}`);
}

function readPart(reader: TokenReader, language: Language, depth: number): Part {
  const token = reader.next();
  if (token.text === '(') {
    const inner = readJoined(reader, language, depth + 1);
    reader.expect(')');
    return inner;
  }
  if (token.kind === 'int' || token.kind === 'float' || token.kind === 'text')
    return { type: token.kind, isLiteral: true, text: token.text };
  const signature = Object.hasOwn(language, token.text) ? language[token.text] : undefined;
  if (signature === undefined)
    throw new ExpressionError(`has ${token.text}, and functions are ${Object.keys(language).join(', ')}`);
  return called(token.text, signature, reader.literals(token.text));
}

function called(name: string, { takes, gives }: Signature, given: readonly Token[]): Part {
  const text = `${name}(${given.map((one) => one.text).join(', ')})`;
  const isGood = given.length === takes.length && takes.every((type, index) => given[index]?.kind === type);
  if (isGood) return { type: gives, isLiteral: false, text };
  const wanted = takes.length === 0 ? 'nothing' : takes.map((type) => WORDS[type]).join(', ');
  throw new ExpressionError(`has ${text}, and ${name} takes ${wanted}`);
}
