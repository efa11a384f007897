import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import { checkPort } from './names.ts';
import { checkLabels, checkNotNegative, filled, isFilled } from './values.ts';

const TIMES = ['periodSeconds', 'initialDelaySeconds', 'timeoutSeconds'];
const COUNTS = ['successThreshold', 'failureThreshold'];
const HEADER = /^[-A-Za-z0-9]+$/;

export function checkWorkloadGroup(spec: Json, issues: IssueList): void {
  if (spec['template'] === undefined) issues.at('template').add('is required');
  checkLabels(object(spec['metadata'])?.['labels'], issues.at('metadata').at('labels'));
  const probe = object(spec['probe']);
  if (probe !== undefined) checkProbe(probe, issues.at('probe'));
}

function checkProbe(probe: Json, issues: IssueList): void {
  checkNotNegative(probe, issues, ...TIMES, ...COUNTS);
  // istiod knows no grpc here.
  const ways = filled(probe, 'httpGet', 'tcpSocket', 'exec');
  if (ways.length === 0) issues.add('needs httpGet, tcpSocket or exec');
  for (const way of ['httpGet', 'tcpSocket'])
    if (object(probe[way]) !== undefined) checkPort(object(probe[way])?.['port'], issues.at(way).at('port'));
  const http = object(probe['httpGet']);
  const at = issues.at('httpGet');
  if (!['', 'HTTP', 'HTTPS'].includes(string(http?.['scheme']) ?? ''))
    at.at('scheme').add('must be HTTP or HTTPS');
  objects(http?.['httpHeaders']).forEach(({ name }, index) => {
    if (!HEADER.test(string(name) ?? ''))
      at.at('httpHeaders').at(index).at('name').add('must be letters, digits and "-"');
  });
  const exec = object(probe['exec']);
  if (exec !== undefined && !isFilled(exec['command'] ?? []))
    issues.at('exec').at('command').add('is required');
}
