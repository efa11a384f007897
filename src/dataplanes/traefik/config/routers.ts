import type { Issue, IssueList } from '../../../model/issue.ts';
import { type Json, fieldsOf, namesIn, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { circles } from './circles.ts';
import { faultOfRule } from './rule.ts';

/** What Traefik leaves a router out for, besides what it names. */
export function checkRouters(routers: Json, issues: IssueList, warnings: Issue[]): void {
  const parents = new Map<string, string>();
  const children = new Map<string, readonly string[]>();
  for (const [name, router] of Object.entries(routers)) {
    const own = parentsOf(fieldsOf(router)).flatMap((reference) => ownName(reference) ?? []);
    children.set(name, own);
    for (const parent of own) parents.set(parent, name);
  }
  const add = (path: string, message: string): void => void issues.items.push({ path, message });
  for (const [name, item] of Object.entries(routers)) {
    const router = fieldsOf(item);
    const path = `http.routers.${name}`;
    const child = parents.get(name);
    if (textOf(router['service']) === undefined) {
      if (child === undefined) add(`${path}.service`, 'is required');
    } else if (child !== undefined)
      add(
        `${path}.service`,
        `cannot be given where other routers, such as "${child}", have it as their parent`,
      );
    const rule = textOf(router['rule']);
    const fault = rule === undefined ? 'is required' : faultOfRule(rule, router['ruleSyntax']);
    if (fault !== undefined) add(`${path}.rule`, fault);
    checkEntryPoints(router, path, issues, warnings);
    checkChild(router, path, routers, add);
  }
  for (const circle of circles(children))
    add(`http.routers.${circle[0]}.parentRefs`, `leads to itself: ${[...circle, circle[0]].join(' -> ')}`);
}

function parentsOf(router: Json): readonly string[] {
  return namesIn(router['parentRefs']);
}

function checkEntryPoints(router: Json, path: string, issues: IssueList, warnings: Issue[]): void {
  const given = namesIn(router['entryPoints']);
  const message = 'is empty, and there is no such entry point';
  const empty = given.flatMap((name, index) => (name === '' ? [`${path}.entryPoints[${index}]`] : []));
  const list = empty.length === given.length ? issues.items : warnings;
  list.push(...empty.map((at) => ({ path: at, message })));
}

/** What a router under another may not have of its own. */
function checkChild(
  router: Json,
  path: string,
  routers: Json,
  add: (path: string, message: string) => void,
): void {
  const references = parentsOf(router);
  if (references.length === 0) return;
  references.forEach((reference, index) => {
    const name = ownName(reference);
    if (name !== undefined && !Object.hasOwn(routers, name))
      add(`${path}.parentRefs[${index}]`, `no router named "${name}" in this config`);
  });
  const message = 'cannot be given beside parentRefs: it is the parent that has it';
  for (const field of ['tls', 'observability'])
    if (router[field] !== undefined) add(`${path}.${field}`, message);
  if (namesIn(router['entryPoints']).length > 0) add(`${path}.entryPoints`, message);
}
