import { setTimeout as after } from 'node:timers/promises';
import { silence, type Call } from './call.ts';
import type { Counters } from './counters.ts';

/** A model that a stand-in has. */
export interface StandInModel {
  /** As in `all-minilm`; a missing tag means `latest`. */
  readonly name: string;
  /** What it can do. A model for `completion` embeds too, as in the real servers. */
  readonly ability: 'embedding' | 'completion';
  /** Numbers in a vector. @default 384 */
  readonly dimension?: number;
  /** Tokens that it reads at most. @default 512 for embedding, 4096 for completion */
  readonly contextLength?: number;
}

/** A small embedding model and a small chat model. */
export const DEFAULT_MODELS: readonly StandInModel[] = [
  { name: 'all-minilm', ability: 'embedding' },
  { name: 'tiny', ability: 'completion' },
];

const CHECKS: Readonly<Record<keyof StandInModel, (value: unknown) => boolean>> = {
  name: (value) => typeof value === 'string' && value !== '',
  ability: (value) => value === 'embedding' || value === 'completion',
  dimension: isSize,
  contextLength: isSize,
};

function isSize(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) > 0);
}

/** @throws RangeError that names the field of a model that is wrong, missing or unknown. */
export function checkModel(fields: Readonly<Record<string, unknown>>): StandInModel {
  const unknown = Object.keys(fields).find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown !== undefined) throw new RangeError(`a model has no "${unknown}"`);
  for (const [name, check] of Object.entries(CHECKS)) {
    if (!check(fields[name]))
      throw new RangeError(`"${name}" of a model cannot be ${JSON.stringify(fields[name])}`);
  }
  return fields as unknown as StandInModel;
}

/** The models of a stand-in and which of them are loaded. */
export interface Shelf {
  readonly models: readonly Required<StandInModel>[];
  /** By name, with or without `:latest`. */
  find(name: string): Required<StandInModel> | undefined;
  /** Loads the model unless it is loaded; all callers wait for one load. Resolves to the milliseconds that this call waited. */
  load(model: Required<StandInModel>, call: Call): Promise<number>;
  unload(model?: Required<StandInModel>): void;
  loaded(): readonly Required<StandInModel>[];
}

export function createShelf(models: readonly StandInModel[], counters: Counters): Shelf {
  const all = models.map((model) => ({
    dimension: 384,
    contextLength: model.ability === 'embedding' ? 512 : 4096,
    ...model,
  }));
  const warm = new Set<Required<StandInModel>>();
  const loading = new Map<Required<StandInModel>, Promise<void>>();
  const start = async (model: Required<StandInModel>, timeMs: number): Promise<void> => {
    counters.add('loads');
    // A load goes on when the caller that started it has gone away.
    await after(timeMs, undefined, { ref: false });
    if (loading.delete(model)) warm.add(model);
  };
  return {
    models: all,
    find: (name) => all.find((model) => tagged(model.name) === tagged(name)),
    async load(model, { knobs, signal }) {
      if (warm.has(model)) return 0;
      const began = performance.now();
      const load = loading.get(model) ?? start(model, knobs.coldLoadMs);
      loading.set(model, load);
      await Promise.race([load, silence(signal)]);
      return performance.now() - began;
    },
    unload(model) {
      for (const one of model === undefined ? all : [model]) {
        warm.delete(one);
        loading.delete(one);
      }
    },
    loaded: () => [...warm],
  };
}

/** The full name: `All-MiniLM` is `all-minilm:latest`. */
export function tagged(name: string): string {
  return name.includes(':') ? name.toLowerCase() : `${name.toLowerCase()}:latest`;
}
