type State =
  'text' | 'name' | 'arguments' | 'quote' | 'string' | 'afterString' | 'afterArguments' | 'afterCall';

interface Step {
  readonly next: Readonly<Record<string, State>>;
  /** Where any other character leads; undefined: there must be none. */
  readonly else?: State;
}

const QUOTED: State = 'string';

/** How Envoy reads `%VARIABLE%`, `%VARIABLE(text)%` and `%VARIABLE(["a", "b"])%` in the value of a header. */
const STEPS: Readonly<Record<State, Step>> = {
  text: { next: { '%': 'name' }, else: 'text' },
  name: { next: { '%': 'text', '(': 'arguments' }, else: 'name' },
  arguments: { next: { '[': 'quote', ' ': 'arguments' }, else: QUOTED },
  quote: { next: { '"': QUOTED, ' ': 'quote' } },
  string: { next: { ')': 'afterCall', '"': 'afterString' }, else: QUOTED },
  afterString: { next: { ',': 'quote', ']': 'afterArguments', ' ': 'afterString' } },
  afterArguments: { next: { ')': 'afterCall', ' ': 'afterArguments' } },
  afterCall: { next: { '%': 'text', ' ': 'afterCall' } },
};

/** Whether every variable in it ends, as Envoy wants it. */
export function isHeaderTemplate(value: string): boolean {
  let state: State = 'text';
  for (let at = 0; at < value.length; at += 1) {
    if (isEscape(state, value.slice(at, at + 2))) {
      at += 1;
      continue;
    }
    const next = follow(state, value.charAt(at));
    if (next === undefined) return false;
    state = next;
  }
  return state === 'text';
}

/** Two characters that are one: a percent sign in text, anything behind a backslash in a string. */
function isEscape(state: State, two: string): boolean {
  return (
    (state === 'text' && two === '%%') || (state === 'string' && two.length === 2 && two.startsWith('\\'))
  );
}

function follow(state: State, char: string): State | undefined {
  if (state === 'string' && char === '\\') return undefined;
  const { next, else: otherwise } = STEPS[state];
  return next[char] ?? otherwise;
}
