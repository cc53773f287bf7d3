import { serve as listen } from '../app/serve.ts';
import { createAdmission } from '../app/admission.ts';
import { openModels } from '../app/models.ts';
import { openService } from '../app/service.ts';
import { watchFolders } from '../app/watch-folders.ts';
import { EXIT, type Command } from './command.ts';
import { untilStopped } from './until-stopped.ts';

export const serve: Command = {
  name: 'serve',
  usage: '[--host ADDRESS] [--port NUMBER]',
  summary: 'Serves the data folder over HTTP.',
  options: { host: { type: 'string' }, port: { type: 'string' } },
  optionHelp: {
    '--host ADDRESS': 'where to listen, instead of HOLDFAST_HOST',
    '--port NUMBER': 'the port, instead of HOLDFAST_PORT',
  },
  async run(invocation) {
    const config = invocation.config();
    const logger = invocation.logger(config);
    const stopped = untilStopped();
    using admission = createAdmission(config);
    await using service = await openService(config, logger, {
      ...(await openModels(config, logger)),
      admission,
    });
    await service.warmUp();
    await using served = await listen(service, {
      config,
      logger,
      listen: { host: config.host, port: config.port },
    });
    await using _watching = await watchFolders(service, config, logger);
    if (invocation.isJson) invocation.output.json({ address: served.address, pid: process.pid });
    else
      invocation.output.result(`Holdfast serves ${config.dataDir} at ${served.address} (pid ${process.pid})`);
    const signal = await stopped;
    logger.info('stopping', { signal });
    return EXIT.done;
  },
};
