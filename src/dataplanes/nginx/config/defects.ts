import type { Issue } from '../../../model/issue.ts';
import type { Adopted } from './adopt.ts';
import { headersOf } from './copy.ts';
import { type Place, inForceOrTop, lines, named, words } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** What the text's own mirroring does that its owner may not know; all of it was seen on NGINX 1.22. */
export function defectsOf(top: readonly Directive[], adopted: readonly Adopted[]): readonly Issue[] {
  const issues = new Map<string, Issue>();
  for (const { location, destination, mirrorLines } of adopted) {
    for (const issue of ofCopies(top, location, destination.keepsUri, destination.proxyPass)) {
      issues.set(`${issue.path} ${issue.message}`, issue);
    }
    for (const { holder } of mirrorLines) {
      for (const issue of ofHolder(top, holder)) issues.set(`${issue.path} ${issue.message}`, issue);
    }
  }
  return [...issues.values()];
}

function ofCopies(
  top: readonly Directive[],
  location: Place,
  keepsUri: boolean,
  proxyPass: Directive,
): readonly Issue[] {
  const issues: Issue[] = [];
  const add = (directive: Directive, message: string) =>
    issues.push({ path: lines(directive), message: `"${words(directive)}" ${message}` });
  if (!keepsUri)
    add(proxyPass, 'has no $request_uri: copies have another path than their requests; ours have the same');
  for (const directive of headersOf(location)) {
    const [name = '', value = ''] = directive.args;
    if (name.toLowerCase() === 'x-forwarded-for' && value.startsWith('$realip_remote_addr'))
      add(
        directive,
        'drops the client behind a load balancer, and tells of the balancer; ours tells of $remote_addr: have set_real_ip_from and real_ip_header say who is to be believed',
      );
    if (name.toLowerCase() === 'x-forwarded-proto' && value === '$http_x_forwarded_proto')
      add(directive, 'is what the client says, and empty where it says nothing; ours is $scheme');
  }
  const place = location.directive;
  if (inForceOrTop(top, location, 'proxy_http_version')?.args[0] !== '1.1')
    add(place, 'sends HTTP/1.0, each copy over a new connection; ours are HTTP/1.1 and keep connections');
  if (inForceOrTop(top, location, 'proxy_read_timeout') === undefined)
    add(
      place,
      "waits 60 seconds for a node that does not answer, and so does the client's next request; ours at most 2",
    );
  return issues;
}

function ofHolder(top: readonly Directive[], holder: Place | undefined): readonly Issue[] {
  const place = holder ?? { directive: { name: '', args: [], line: 1, block: top }, around: [] };
  const issues: Issue[] = [];
  const [own] = ['index', 'try_files', 'error_page'].flatMap((name) => named(place.directive.block, name));
  if (own !== undefined) {
    issues.push({
      path: lines(own),
      message: `"${words(own)}" redirects inside NGINX, and such a request is copied twice; with our files once`,
    });
  }
  for (const name of ['return', 'deny']) {
    for (const directive of named(place.directive.block, name)) {
      issues.push({
        path: lines(directive),
        message: `"${words(directive)}": what it answers is never copied, with our files neither`,
      });
    }
  }
  if (inForceOrTop(top, place, 'client_max_body_size') === undefined) {
    issues.push({
      path: lines(place.directive),
      message: `no client_max_body_size: NGINX answers 413 to bodies of more than 1 MB, and copies none of these`,
    });
  }
  return issues;
}
