import { type Logger, pino } from 'pino';

/** JSON lines on standard output. Secrets never reach it: neither headers nor bodies are logged. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
