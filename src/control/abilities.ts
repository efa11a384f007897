import type { Capabilities, DataPlane } from '../dataplanes/data-plane.ts';
import type { Issue } from '../model/issue.ts';
import { IssueList } from '../model/issue.ts';
import type { Mirror, RouteSelector } from '../model/mirror.ts';
import { FULL } from '../model/percent.ts';
import type { State } from '../model/state.ts';
import type { Subject } from './references.ts';

/** What a mirror asks for that its fleet's kind of data plane cannot do. */
export function inabilities(kind: string, able: Capabilities, mirror: Mirror): readonly Issue[] {
  const issues = new IssueList(`mirrors.${mirror.name}`);
  const copy = issues.at('copy');
  const refuse = (at: IssueList, what: string, instead: string): void =>
    at.add(`${kind} cannot ${what}: ${instead}`);
  if (mirror.copy.body === false && !able.copy.withoutBody)
    refuse(copy.at('body'), 'make a copy without its body', 'leave it out');
  if (Object.keys(mirror.copy.setHeaders).length > 0 && !able.copy.setHeaders)
    refuse(copy.at('setHeaders'), 'set headers on the copy alone', 'leave them out');
  if (mirror.copy.removeHeaders.length > 0 && !able.copy.removeHeaders)
    refuse(copy.at('removeHeaders'), 'remove headers from the copy alone', 'leave them out');
  if (mirror.expiresAfterMs !== undefined && !able.expiresAfter)
    refuse(issues.at('expiresAfter'), 'stop copying by itself', 'leave it out, or use expiresAt');
  for (const field of ['routes', 'exclude'] as const) {
    for (const [index, selector] of mirror[field].entries()) {
      for (const key of Object.keys(selector) as (keyof RouteSelector)[]) {
        if (able.selectors.includes(key)) continue;
        refuse(
          issues.at(field).at(index).at(key),
          `select by ${key}`,
          `it can by ${able.selectors.join(', ') || 'nothing: leave the list empty'}`,
        );
      }
    }
  }
  return issues.items;
}

/** What plans ask for that the fleets of their mirrors cannot do; of those that are not over. */
export function planInabilities(
  state: State,
  dataPlanes: ReadonlyMap<string, DataPlane>,
  subject: Subject,
): readonly Issue[] {
  const rollout = state.rollout.get(subject.name)?.value;
  if (subject.kind !== 'rollout' || rollout === undefined) return [];
  const whole = rollout.mirrors.flatMap((name) => {
    const fleet = state.fleet.get(state.mirror.get(name)?.value.fleet ?? '')?.value;
    const able = dataPlanes.get(fleet?.dataPlane ?? '')?.capabilities;
    return able?.fleetShare === false ? [`${fleet?.name} (${fleet?.dataPlane})`] : [];
  });
  if (whole.length === 0) return [];
  return rollout.steps.flatMap(({ fleetPercent }, index) =>
    fleetPercent >= FULL
      ? []
      : [
          {
            path: `steps[${index}].fleetPercent`,
            message: `fleet ${whole.join(', ')} has one configuration for all of its edges: leave it out`,
          },
        ],
  );
}
