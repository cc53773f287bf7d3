import { startFaultControl } from '../src/faults/control.ts';
import { ollamaStandIn } from '../src/faults/models/ollama.ts';
import { openaiStandIn } from '../src/faults/models/openai.ts';

/**
 * The process of `startModels`: a stand-in for each kind of model, each behind a fault proxy, and the control of the
 * proxies. Prints where they are, and ends with SIGTERM.
 */
async function run(): Promise<void> {
  const stopped = new Promise((resolve) => process.once('SIGTERM', resolve));
  await using embedder = await ollamaStandIn();
  await using generator = await openaiStandIn();
  await using reranker = await openaiStandIn();
  await using control = await startFaultControl();
  const places = [];
  for (const [name, { url }] of Object.entries({ embedder, generator, reranker })) {
    const proxy = await control.create(name, { upstream: new URL(url).host });
    places.push({ name, url: `http://${proxy.address}`, knobs: `${url}/_faults` });
  }
  process.stdout.write(`${JSON.stringify({ control: control.url, places })}\n`);
  await stopped;
}

await run();
