import type { IssueList } from '../../../model/issue.ts';
import { dig, object, objects, string } from '../json.ts';
import { CLUSTER_PREFIX, RESOURCE_LISTS, RUNTIME_LAYER, nameField } from '../types.ts';
import type { Placed, PlacedLists } from './split.ts';

/** Names that must be there, be unique, and not be ours. */
export function checkNames(lists: PlacedLists, issues: IssueList): void {
  const report = (path: string, message: string): void => void issues.items.push({ path, message });
  for (const list of RESOURCE_LISTS) {
    const field = nameField(list);
    const seen = new Map<string, string>();
    for (const { json, path } of lists[list]) {
      const name = string(json[field]);
      if (name === undefined) {
        report(`${path}.${field}`, 'is required');
        continue;
      }
      const first = seen.get(name);
      if (first !== undefined)
        report(`${path}.${field}`, `"${name}" is also the name of ${first}; names must be unique`);
      else seen.set(name, path);
      if (list === 'clusters' && name.startsWith(CLUSTER_PREFIX)) {
        report(`${path}.name`, `names beginning with "${CLUSTER_PREFIX}" are for mirrors; choose another`);
      }
      if (list === 'runtimes' && name === RUNTIME_LAYER) {
        report(
          `${path}.name`,
          `"${RUNTIME_LAYER}" is the layer that carries the mirrors' percents; choose another name`,
        );
      }
    }
  }
  checkAddresses(lists.listeners, report);
  for (const routes of lists.routes) checkVirtualHosts(routes, report);
}

/** Envoy refuses a second listener on an address. */
function checkAddresses(listeners: readonly Placed[], report: (path: string, message: string) => void): void {
  const seen = new Map<string, string>();
  for (const { json, path } of listeners) {
    const socket = object(dig(json, 'address', 'socket_address'));
    const port = Number(socket?.['port_value'] ?? 0);
    if (socket === undefined || port === 0 || json['bind_to_port'] === false) continue;
    const address = `${string(socket['protocol']) ?? 'TCP'} ${String(socket['address'])} port ${port}`;
    const first = seen.get(address);
    if (first !== undefined) report(`${path}.address`, `${first} already listens on ${address}`);
    else seen.set(address, path);
  }
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-virtualhost */
function checkVirtualHosts(routes: Placed, report: (path: string, message: string) => void): void {
  const names = new Map<string, string>();
  const domains = new Map<string, string>();
  objects(routes.json['virtual_hosts']).forEach((host, index) => {
    const path = `${routes.path}.virtual_hosts[${index}]`;
    const name = string(host['name']) ?? '';
    const first = names.get(name);
    if (first !== undefined)
      report(`${path}.name`, `"${name}" is also the name of ${first}; names must be unique`);
    else names.set(name, path);
    const list = Array.isArray(host['domains']) ? (host['domains'] as unknown[]) : [];
    list.forEach((domain, at) => {
      const key = String(domain).toLowerCase();
      const other = domains.get(key);
      if (other !== undefined)
        report(`${path}.domains[${at}]`, `"${String(domain)}" is also in ${other}; a domain may stand once`);
      else domains.set(key, `${path}.domains[${at}]`);
    });
  });
}
