import { HoldfastError } from '../../core/errors.ts';
import { importInstalled } from '../installed-package.ts';
import { boundedFetch } from '../model-http/bounded-fetch.ts';
import { field } from '../model-http/json-fields.ts';

/**
 * What is used of the interfaces in `@ai-sdk/provider`, the same in their versions 2 to 4. Answers are `unknown`:
 * they are checked like those of any other server.
 */
export interface AiSdkEmbeddingModel {
  readonly provider: string;
  readonly maxEmbeddingsPerCall?: number | undefined | PromiseLike<number | undefined>;
  doEmbed(options: { readonly values: string[]; readonly abortSignal: AbortSignal }): PromiseLike<unknown>;
}

export interface AiSdkLanguageModel {
  readonly provider: string;
  doStream(options: AiSdkCallOptions): PromiseLike<{ readonly stream: AsyncIterable<unknown> }>;
}

export interface AiSdkCallOptions {
  readonly prompt: readonly unknown[];
  readonly maxOutputTokens: number;
  readonly temperature: number;
  readonly abortSignal: AbortSignal;
}

export interface AiSdkRerankingModel {
  readonly provider: string;
  doRerank(options: {
    readonly documents: { readonly type: 'text'; readonly values: string[] };
    readonly query: string;
    readonly topN: number;
    readonly abortSignal: AbortSignal;
  }): PromiseLike<unknown>;
}

/** Which package, and what its factory gets: address and key, where its own environment variables do not say them. */
export interface AiSdkOptions {
  /** Such as `@ai-sdk/mistral`. */
  readonly package: string;
  readonly model: string;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The folder whose `node_modules` has the package; default: the working folder. */
  readonly folder?: string | undefined;
}

/** The methods of a provider that make models, by the kind of model; older names last. */
const MAKERS = {
  embedding: ['embeddingModel', 'textEmbeddingModel'],
  language: ['languageModel', 'chatModel'],
  reranking: ['rerankingModel'],
} as const;

interface Models {
  readonly embedding: AiSdkEmbeddingModel;
  readonly language: AiSdkLanguageModel;
  readonly reranking: AiSdkRerankingModel;
}

/**
 * A model of an installed provider package: its `create...` function makes the provider, with a `fetch` that refuses
 * redirects and bounds answers; a package without one exports a provider.
 * @throws HoldfastError `invalid_configuration`.
 */
export async function aiSdkModel<Kind extends keyof Models>(
  kind: Kind,
  options: AiSdkOptions,
): Promise<Models[Kind]> {
  const exported = Object.entries(await importInstalled(options.package, options.folder));
  const settings = { fetch: boundedFetch(), ...options.settings };
  const factories = exported.filter(
    ([name, value]) => /^create[A-Z]/.test(name) && typeof value === 'function',
  );
  const providers = [
    ...factories.map(([, create]) => attempt(() => (create as (settings: object) => unknown)(settings))),
    ...exported.map(([, value]) => value as unknown),
  ];
  for (const provider of providers) {
    for (const maker of MAKERS[kind]) {
      const make = provider === null ? undefined : method(provider, maker);
      if (make !== undefined) return made<Models[Kind]>(options, () => make.call(provider, options.model));
    }
  }
  throw new HoldfastError(
    'invalid_configuration',
    `the package ${options.package} offers no ${kind} models as a provider of the AI SDK does`,
  );
}

/** Providers are functions or objects. */
function method(provider: unknown, name: string): ((model: string) => unknown) | undefined {
  const found =
    typeof provider === 'function' ? (Reflect.get(provider, name) as unknown) : field(provider, name);
  return typeof found === 'function' ? (found as (model: string) => unknown) : undefined;
}

/** A function called `create...` that is no factory of a provider. */
function attempt(create: () => unknown): unknown {
  try {
    return create();
  } catch {
    return null;
  }
}

/** Trusted to be a model: its answers are checked. */
function made<Model>(options: AiSdkOptions, make: () => unknown): Model {
  try {
    return make() as Model;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoldfastError(
      'invalid_configuration',
      `${options.package} has no ${options.model}: ${reason}`,
      {
        cause: error,
      },
    );
  }
}
