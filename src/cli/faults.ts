import { HoldfastError } from '../core/errors.ts';
import { checkKnobs, KNOB_NAMES, type Knobs } from '../faults/models/knobs.ts';
import { checkModel, type StandInModel } from '../faults/models/shelf.ts';
import { camelCase, fromWire, inWireNames, isFields, snakeCase } from '../faults/names.ts';
import type { FaultProxyOptions } from '../faults/proxy.ts';
import { checkToxic, type Toxic } from '../faults/toxics.ts';
import { EXIT, textFlag, type Command, type Flags, type Invocation } from './command.ts';
import { untilStopped } from './until-stopped.ts';

const KNOB_FLAGS = KNOB_NAMES.map((name) => snakeCase(name).replaceAll('_', '-'));
const TEXT_FLAGS = [
  'listen',
  'upstream',
  'control',
  'protocol',
  'toxics',
  'host',
  'port',
  'models',
  'answer',
  'api-key',
];

export const faults: Command = {
  name: 'faults',
  usage: 'proxy|ollama|openai [FLAGS]',
  summary: 'Rehearses an outage: a proxy that spoils connections, or a model server that misbehaves.',
  options: Object.fromEntries([...TEXT_FLAGS, ...KNOB_FLAGS].map((name) => [name, { type: 'string' }])),
  optionHelp: {
    '--upstream HOST:PORT': 'proxy: where it leads to; http://... or https://... with --protocol http',
    '--listen HOST:PORT': 'proxy: where it listens (127.0.0.1 and a free port)',
    '--control PORT': 'proxy: the port of its control API on 127.0.0.1 (a free one)',
    '--protocol tcp|http': 'proxy: http lets toxics change answers (tcp)',
    '--toxics JSON': 'proxy: a list of toxics to begin with',
    '--host, --port': 'model servers: where they listen (127.0.0.1 and a free port)',
    '--models JSON': 'model servers: a list of name, ability (embedding or completion) and dimension',
    '--answer TEXT': 'model servers: what the chat says (made from the passages)',
    '--api-key KEY': 'openai: the key that calls must carry (none)',
    '--KNOB VALUE': `model servers: ${KNOB_FLAGS.join(', ')}; docs/faults.md explains them`,
  },
  async run(invocation) {
    const [what] = invocation.words;
    if (what === 'proxy') return runProxy(invocation);
    if (what === 'ollama' || what === 'openai') return runModelServer(what, invocation);
    throw usage(`holdfast faults needs "proxy", "ollama" or "openai", not ${JSON.stringify(what ?? '')}`);
  },
};

async function runProxy({ flags, isJson, output }: Invocation): Promise<number> {
  const options = asUsage(() => proxyOptions(flags));
  const { startFaultControl } = await import('../faults/control.ts');
  const stopped = untilStopped();
  await using control = await startFaultControl(portOf(flags, 'control'));
  const proxy = await control.create('proxy', options).catch((error: unknown) => {
    throw error instanceof RangeError ? usage(inWireNames(error.message), error) : error;
  });
  const { address, upstream } = proxy;
  if (isJson) output.json({ address, upstream, control: control.url, pid: process.pid });
  else
    output.result(
      `The proxy leads from ${address} to ${upstream}; control it at ${control.url}/proxies/proxy`,
    );
  await stopped;
  return EXIT.done;
}

function proxyOptions(flags: Flags): FaultProxyOptions {
  const upstream = textFlag(flags, 'upstream');
  if (upstream === undefined) throw usage('holdfast faults proxy needs --upstream HOST:PORT');
  const listen = textFlag(flags, 'listen') ?? '127.0.0.1:0';
  const [, host, port] = /^(?:\[?([^[\]]*?)\]?:)?(\d{1,5})$/.exec(listen) ?? [];
  if (port === undefined) throw usage(`--listen "${listen}" is not HOST:PORT`);
  const protocol = textFlag(flags, 'protocol') ?? 'tcp';
  if (protocol !== 'tcp' && protocol !== 'http') throw usage(`--protocol "${protocol}" is not tcp or http`);
  return {
    upstream,
    host: host ?? '127.0.0.1',
    port: checkedPort(port, 'listen'),
    protocol,
    toxics: toxicsOf(flags),
  };
}

function toxicsOf(flags: Flags): readonly Toxic[] {
  return (listOf(flags, 'toxics') ?? []).map((fields) => checkToxic(fromWire(fields)));
}

async function runModelServer(
  what: 'ollama' | 'openai',
  { flags, isJson, output }: Invocation,
): Promise<number> {
  const knobs = asUsage(() => knobsOf(flags));
  const models = asUsage(() => modelsOf(flags));
  const answer = textFlag(flags, 'answer');
  const apiKey = textFlag(flags, 'api-key');
  const options = {
    host: textFlag(flags, 'host') ?? '127.0.0.1',
    port: portOf(flags, 'port'),
    knobs,
    ...(models === null ? {} : { models }),
    ...(answer === undefined ? {} : { answer }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
  const start = await standInOf(what);
  const stopped = untilStopped();
  await using standIn = await start(options);
  const control = `${standIn.url}/_faults`;
  if (isJson) output.json({ address: standIn.url, control, pid: process.pid });
  else output.result(`A stand-in for ${what} serves at ${standIn.url}; turn its knobs at ${control}`);
  await stopped;
  return EXIT.done;
}

/** Loaded only when it is asked for, so that every other command starts sooner. */
async function standInOf(what: 'ollama' | 'openai') {
  return what === 'ollama'
    ? (await import('../faults/models/ollama.ts')).ollamaStandIn
    : (await import('../faults/models/openai.ts')).openaiStandIn;
}

function modelsOf(flags: Flags): readonly StandInModel[] | null {
  const list = listOf(flags, 'models');
  return list === null ? null : list.map((fields) => checkModel(fromWire(fields)));
}

/** A flag that is a JSON list of objects. */
function listOf(flags: Flags, name: string): readonly Readonly<Record<string, unknown>>[] | null {
  const text = textFlag(flags, name);
  if (text === undefined) return null;
  const list: unknown = JSON.parse(text);
  if (Array.isArray(list) && list.every(isFields)) return list;
  throw new RangeError(`--${name} must be a JSON list of objects`);
}

/** Flags as knobs: JSON where it is JSON (numbers, true, null, lists), otherwise text; a list may be written with commas. */
function knobsOf(flags: Flags): Partial<Knobs> {
  const knobs: Record<string, unknown> = {};
  for (const flag of KNOB_FLAGS) {
    const text = textFlag(flags, flag);
    const name = camelCase(flag);
    if (text !== undefined) knobs[name] = name === 'faultsOn' ? text.split(',') : knobValue(name, text);
  }
  return checkKnobs(knobs);
}

function knobValue(name: string, text: string): unknown {
  if (name === 'retryAfter') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function portOf(flags: Flags, name: string): number {
  const text = textFlag(flags, name);
  return text === undefined ? 0 : checkedPort(text, name);
}

function checkedPort(text: string, flag: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw usage(`--${flag}: "${text}" is no port; use a number from 0 to 65535`);
}

/** What a person wrote wrongly is wrong usage. */
function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError)
      throw usage(inWireNames(error.message), error);
    throw error;
  }
}

function usage(detail: string, cause?: unknown): HoldfastError {
  return new HoldfastError('invalid_usage', detail, { cause });
}
