import type { IssueList } from '../../../../model/issue.ts';
import { type Json, string } from '../../../schema/json.ts';
import { filled } from '../values.ts';

const CONFIG_MAP = 'configmap://';

/** TLS of callers. `namespace`: of the rule, to which a ConfigMap has to belong. */
export function checkClientTls(tls: Json | undefined, namespace: string, issues: IssueList): void {
  if (tls === undefined) return;
  const { mode } = tls;
  const credential = string(tls['credentialName']);
  if (credential?.startsWith(CONFIG_MAP) === true) {
    const [owner, name = ''] = credential.slice(CONFIG_MAP.length).split('/');
    if (owner !== namespace || name === '')
      issues.at('credentialName').add(`must be ${CONFIG_MAP}${namespace}/NAME: one of the rule's namespace`);
  }
  const speaks = mode === 'SIMPLE' || mode === 'MUTUAL';
  if (tls['insecureSkipVerify'] === true && speaks) {
    const checking = ['caCertificates', 'subjectAltNames', ...(mode === 'SIMPLE' ? ['credentialName'] : [])];
    for (const key of filled(tls, ...checking))
      issues.at(key).add('says nothing with insecureSkipVerify; leave one of them out');
  }
  if (speaks && credential !== undefined) {
    for (const key of filled(tls, 'clientCertificate', 'privateKey', 'caCertificates', 'caCrl'))
      issues.at(key).add('cannot go with credentialName, which has it');
  } else if (mode === 'MUTUAL') {
    for (const key of ['clientCertificate', 'privateKey'])
      if (filled(tls, key).length === 0) issues.at(key).add('is required for mutual TLS');
  }
}
