import type { IssueList } from '../../../model/issue.ts';
import { isDnsLabel } from './names.ts';
import { texts } from './values.ts';

const NOBODY = '~';
const EVERYBODY = '*';

/** The namespaces that see a resource: `.` is its own, `*` all. `nobody`: whether `~` may stand there. */
export function checkExportTo(
  value: unknown,
  namespace: string,
  issues: IssueList,
  { nobody = false } = {},
): readonly string[] {
  const seen = new Set<string>();
  const given = texts(value);
  given.forEach((name, index) => {
    const at = issues.at(index);
    const meant = name === '.' ? namespace : name;
    if (seen.has(meant)) at.add(name === '.' ? `is given twice: . is ${namespace}` : 'is given twice');
    else if (!isDnsLabel(meant) && meant !== EVERYBODY && !(nobody && meant === NOBODY))
      at.add(`must be ., *${nobody ? ', ~' : ''} or the name of a namespace`);
    seen.add(meant);
  });
  for (const whole of [EVERYBODY, NOBODY])
    if (seen.has(whole) && given.length > 1) issues.add(`cannot have ${whole} and others at once`);
  return [...seen];
}
