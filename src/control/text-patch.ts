import { createTwoFilesPatch } from 'diff';

const MAX_TEXT = 256 * 1024;
const MAX_PATCH = 64 * 1024;
// The work grows with the square of the number of changed lines.
const MAX_EDITS = 500;

/**
 * A unified diff of two texts; undefined when it would take too long or be too long to keep, which depends on the
 * texts alone.
 */
export function textPatch(name: string, before: string, after: string): string | undefined {
  if (before.length > MAX_TEXT || after.length > MAX_TEXT) return undefined;
  const patch = createTwoFilesPatch(name, name, before, after, '', '', {
    context: 3,
    maxEditLength: MAX_EDITS,
  });
  return patch !== undefined && patch.length <= MAX_PATCH ? patch : undefined;
}
