import type { IssueList } from '../../../model/issue.ts';
import { type Json, objects, string } from '../../schema/json.ts';
import { filled, isFilled } from './values.ts';

const SOURCES = ['credentialName', 'credentialNames', 'tlsCertificates'];
const TERMINATING = new Set(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL']);

/** TLS of what a gateway, or a sidecar, listens on. */
export function checkServerTls(tls: Json | undefined, issues: IssueList): void {
  if (tls === undefined) return;
  const mode = string(tls['mode']) ?? 'PASSTHROUGH';
  const files = ['serverCertificate', 'privateKey'];
  if (mode === 'ISTIO_MUTUAL') {
    for (const key of filled(tls, ...files, 'caCertificates', ...SOURCES))
      issues.at(key).add('cannot be given with ISTIO_MUTUAL, which has the certificates of the mesh');
    return;
  }
  const sources = filled(tls, ...SOURCES);
  if (filled(tls, ...files).length === files.length) sources.push(files.join('/'));
  if (sources.length > 1) issues.add(`can have one of ${sources.join(', ')} only`);
  // Credentials have all of it.
  if (TERMINATING.has(mode) && filled(tls, 'credentialName', 'credentialNames').length > 0) return;
  if (TERMINATING.has(mode)) checkFiles(tls, mode, issues);
  if (isFilled(tls['caCrl'] ?? '')) {
    if (isFilled(tls['credentialName'] ?? ''))
      issues.at('caCrl').add('cannot go with credentialName: put the list into the credential');
    if (mode === 'SIMPLE') issues.at('caCrl').add('cannot be given with SIMPLE: clients show no certificate');
  }
}

function checkFiles(tls: Json, mode: string, issues: IssueList): void {
  if (mode !== 'SIMPLE' && !isFilled(tls['caCertificates']))
    issues.at('caCertificates').add(`is required for ${mode}, or a credentialName`);
  const pairs = objects(tls['tlsCertificates']).map((pair, index) => ({
    pair,
    at: issues.at('tlsCertificates').at(index),
  }));
  for (const { pair, at } of pairs.length > 0 ? pairs : [{ pair: tls, at: issues }])
    for (const key of ['serverCertificate', 'privateKey'])
      if (!isFilled(pair[key])) at.at(key).add(`is required for ${mode}, or a credentialName`);
}
