import { openModels } from '../../src/app/models.ts';
import { serve } from '../../src/app/serve.ts';
import { openService } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Observe } from '../../src/worker/observe.ts';

/**
 * `serve-and-die.ts serve --port 0 --data FOLDER` with `DIE_AT=moment:when:count` in the environment: a real server
 * that kills itself, without any warning, when its ingest comes to a certain moment for the n-th time.
 */
const data = process.argv[process.argv.indexOf('--data') + 1] ?? '';
const [moment = '', when = '', count = '1'] = (process.env['DIE_AT'] ?? '').split(':');
let left = Number(count);
const observe: Observe = (at, phase) => {
  if (at === moment && phase === when && --left === 0) process.kill(process.pid, 'SIGKILL');
};
const config = loadConfig({}, { data, port: '0' });
const logger = createLogger({ level: 'warn', format: 'json' });
const service = await openService(config, logger, { ...(await openModels(config, logger)), observe });
await service.warmUp();
const { address } = await serve(service, { config, logger, listen: { host: '127.0.0.1', port: 0 } });
process.stdout.write(`Holdfast serves ${data} at ${address} (pid ${process.pid})\n`);
