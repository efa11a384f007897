import type { IssueList } from '../../../model/issue.ts';
import { type Json, objects } from '../../schema/json.ts';
import { wholeHost } from '../config/hosts.ts';
import type { Metadata } from '../types.ts';
import { checkExportTo } from './export-to.ts';
import { isAddress, isWildcardHost, overlaps } from './names.ts';
import { checkHttp } from './route/http.ts';
import { checkTcp, checkTls, isGeneratedSni, namesSni } from './route/layer4.ts';
import { checkGateways } from './route/match.ts';
import { filled, texts } from './values.ts';

const MESH = 'mesh';

/** What istiod acknowledges and then does without, as it would with an earlier spec or none. */
export function checkVirtualService(spec: Json, issues: IssueList, { namespace }: Metadata): void {
  const gateways = texts(spec['gateways']);
  // As they are served.
  const hosts = texts(spec['hosts']).map((host) => wholeHost(host, namespace));
  const isDelegate = hosts.length === 0;
  const inMesh = gateways.includes(MESH);
  const atGateway = gateways.length > 0 && !inMesh;
  if (isDelegate) {
    for (const key of filled(spec, 'gateways', 'tls', 'tcp'))
      issues.at(key).add('cannot be given without hosts: without them this is a delegate of another');
  }
  checkHosts(hosts, atGateway, namesSni(spec['tls']), issues.at('hosts'));
  checkGateways(gateways, issues.at('gateways'));
  if (filled(spec, 'http', 'tls', 'tcp').length === 0) issues.add('needs http, tls or tcp routes');
  objects(spec['http']).forEach((route, index) =>
    checkHttp(route, { isDelegate, atGateway }, issues.at('http').at(index)),
  );
  objects(spec['tls']).forEach((route, index) => checkTls(route, hosts, inMesh, issues.at('tls').at(index)));
  objects(spec['tcp']).forEach((route, index) => checkTcp(route, issues.at('tcp').at(index)));
  checkExportTo(spec['exportTo'], namespace, issues.at('exportTo'));
}

function checkHosts(hosts: readonly string[], atGateway: boolean, hasSni: boolean, issues: IssueList): void {
  const twins = overlaps(hosts);
  hosts.forEach((host, index) => {
    const at = issues.at(index);
    const isGenerated = atGateway && hasSni && isGeneratedSni(host);
    if (!isWildcardHost(host) && !isAddress(host) && !isGenerated)
      at.add('must be a host name, such as "shop.example"');
    else if (host === '*' && !atGateway) at.add('must not be * where the routes are those of the mesh');
    const twin = twins.get(index);
    if (twin !== undefined)
      at.add(twin === host ? 'is given twice' : `is given twice: ${twin} is for it, too`);
  });
}
