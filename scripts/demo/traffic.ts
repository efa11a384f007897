import { HttpConnection, get } from '../../test/support/http-client.ts';
import { statusOf } from '../../test/support/http-messages.ts';

export interface TrafficEvents {
  readonly sent: () => void;
  readonly failed: () => void;
}

/** One request to a port every `everyMs`, over one connection. Returns what ends it. */
export function startTraffic(port: number, everyMs: number, events: TrafficEvents): () => void {
  let connection: HttpConnection | undefined;
  let busy = false;
  let n = 0;
  let stopped = false;
  const next = async (): Promise<void> => {
    busy = true;
    try {
      if (connection?.isOpen !== true) connection = await HttpConnection.open(port);
      events.sent();
      const answer = await connection.send(get(`/api/items/${n++}`, { Authorization: 'Basic ZGVtbzpkZW1v' }));
      if (statusOf(answer) !== 200) events.failed();
    } catch {
      if (!stopped) events.failed();
      connection = undefined;
    }
    busy = false;
  };
  const timer = setInterval(() => {
    if (!busy) void next();
  }, everyMs);
  return () => {
    stopped = true;
    clearInterval(timer);
    connection?.close();
  };
}
