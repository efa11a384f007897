import { HttpConnection, get } from '../../test/support/http-client.ts';
import { statusOf } from '../../test/support/http-messages.ts';

export interface TrafficEvents {
  /** About to be sent; `id` is its X-Request-Number. */
  readonly sent: (id: string) => void;
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
      const id = `${port}-${n++}`;
      events.sent(id);
      const headers = { 'X-Request-Number': id, Authorization: 'Basic ZGVtbzpkZW1v' };
      const answer = await connection.send(get(`/api/items/${n % 100}`, headers));
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
