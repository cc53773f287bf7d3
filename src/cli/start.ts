import { resolve } from 'node:path';
import { createClient, type Client } from '../app/client.ts';
import { MANUAL_FOLDER } from '../app/package-folders.ts';
import { serve as listen } from '../app/serve.ts';
import { createAdmission } from '../app/admission.ts';
import { openModels } from '../app/models.ts';
import { openService } from '../app/service.ts';
import { watchFolders } from '../app/watch-folders.ts';
import { printAnswer } from './ask.ts';
import { EXIT, type Command } from './command.ts';
import { ingestInto } from './ingest.ts';
import type { Output } from './output.ts';
import { untilStopped } from './until-stopped.ts';

const MANUAL = { name: 'holdfast', paths: [MANUAL_FOLDER], question: 'What happens when the disk is full?' };
const OWN_COLLECTION = 'documents';

export const start: Command = {
  name: 'start',
  usage: '[FOLDER]',
  summary: 'Serves; with an empty data folder it first ingests this manual, or FOLDER when it is given.',
  options: { host: { type: 'string' }, port: { type: 'string' } },
  optionHelp: {
    '--host ADDRESS': 'where to listen, instead of HOLDFAST_HOST',
    '--port NUMBER': 'the port, instead of HOLDFAST_PORT',
  },
  async run(invocation) {
    const config = invocation.config();
    const { output, words } = invocation;
    // Who tries Holdfast wants to read the answer, not a log line per request.
    const logger = invocation.logger(config.logLevel === 'info' ? { ...config, logLevel: 'warn' } : config);
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
    const client = createClient(served.address, service.folder.token);
    const [folder] = words;
    if (folder !== undefined)
      await takeIn(client, { name: OWN_COLLECTION, paths: [resolve(folder)] }, output);
    else if ((await client.listCollections()).items.length === 0) await demonstrate(client, output);
    printNextSteps(served.address, folder === undefined ? MANUAL.question : 'your question', output);
    await stopped;
    return EXIT.done;
  },
};

async function takeIn(
  client: Client,
  what: { readonly name: string; readonly paths: readonly string[] },
  output: Output,
): Promise<void> {
  const { files, chunks } = await ingestInto(
    client,
    { name: what.name, what: { paths: what.paths } },
    output,
  );
  output.result(
    `Collection "${what.name}": ${files.found} files, ${files.added} added, ${files.updated} updated, ${files.removed} removed, ${files.failed} failed; ${chunks} passages written.`,
  );
}

async function demonstrate(client: Client, output: Output): Promise<void> {
  await takeIn(client, MANUAL, output);
  output.result('');
  output.result(`> ${MANUAL.question}`);
  printAnswer(await client.ask({ query: MANUAL.question, collections: [MANUAL.name] }), output);
}

function printNextSteps(address: string, question: string, output: Output): void {
  output.result('');
  output.result(`Holdfast answers at ${address} (Ctrl-C stops it). Try next, in another terminal:`);
  output.result('');
  output.result(`  npx holdfast ask "${question}"`);
  output.result(
    `  curl ${address}/api/v1/rag/query -H 'content-type: application/json' -d '{"query": "${question}"}'`,
  );
}
