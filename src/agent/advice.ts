import type { Driver } from '../dataplanes/nginx/plan.ts';
import { walk } from '../dataplanes/nginx/config/scopes.ts';
import type { Directive } from '../dataplanes/nginx/config/tokens.ts';

/** What the owner should know of how this NGINX reloads, with the configuration that `top` is. */
export function reloadAdvice(top: readonly Directive[], version: string, driver: Driver): readonly string[] {
  const names = new Set([...walk(top)].map(({ directive }) => directive.name));
  const says = (directive: string): boolean => names.has(directive);
  const advice: string[] = [];
  const when =
    driver === 'reload'
      ? 'each change of a percent or a target is a reload'
      : 'a new mirror or route is a reload';
  if (isOlder(version, [1, 27, 4])) {
    advice.push(
      `${when}, and a reload of nginx ${version} closes idle keep-alive connections: each may lose the request that is on its way just then. nginx 1.27.4 with keepalive_min_timeout loses none`,
    );
  } else if (!says('keepalive_min_timeout')) {
    advice.push(
      `${when}, and closes idle keep-alive connections: each may lose the request that is on its way just then. With keepalive_min_timeout 2s; in http {} none is lost`,
    );
  }
  if (!says('worker_shutdown_timeout')) {
    advice.push(
      'worker_shutdown_timeout is not set: after a reload old workers stay as long as their connections do. Set it in the main context, such as worker_shutdown_timeout 60s;',
    );
  }
  return advice;
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [n, least] of than.entries()) {
    const part = parts[n] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}
