import type { Problem } from '../core/errors.ts';
import { dimensionsProblem, embeddingModelProfile } from '../core/models/embedding-profiles.ts';
import { MODEL_SETTINGS } from './model-settings.ts';

/** A setting with its value; undefined when it is not set or was refused, which the source tells apart. */
interface Resolved {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
}

type ModelKey = keyof typeof MODEL_SETTINGS;

/** What an adapter cannot do without. */
const NEEDED: readonly {
  readonly key: 'embedder' | 'generator' | 'reranker';
  readonly is: RegExp;
  readonly needs: ModelKey;
}[] = [
  { key: 'embedder', is: /^(ollama|openai|ai-sdk:.*)$/, needs: 'embeddingModel' },
  { key: 'embedder', is: /^openai$/, needs: 'openaiUrl' },
  { key: 'embedder', is: /^onnx$/, needs: 'onnxFolder' },
  { key: 'generator', is: /^(ollama|openai|ai-sdk:.*)$/, needs: 'generationModel' },
  { key: 'generator', is: /^openai$/, needs: 'openaiUrl' },
  { key: 'reranker', is: /^ai-sdk:/, needs: 'rerankerModel' },
  { key: 'reranker', is: /^http$/, needs: 'rerankerUrl' },
];

/** Settings of models that do not fit together, one problem a setting. */
export function modelProblems(resolved: readonly Resolved[]): readonly Problem[] {
  const byKey = new Map(resolved.map((one) => [one.key, one]));
  const value = (key: ModelKey): unknown => byKey.get(key)?.value;
  const missing = NEEDED.filter(({ key, is, needs }) => {
    const isMissing = byKey.get(needs)?.source === 'default' && value(needs) === undefined;
    return isMissing && is.test(String(value(key)));
  });
  const reasons = Map.groupBy(missing, ({ needs }) => needs);
  return [
    ...[...reasons].map(([needs, by]) => ({
      name: MODEL_SETTINGS[needs].name,
      detail: `is not set, and ${by.map(({ key }) => `${MODEL_SETTINGS[key].name}=${String(value(key))}`).join(' and ')} ${by.length === 1 ? 'needs' : 'need'} it`,
    })),
    ...dimensionProblems(value('embeddingModel'), value('embeddingDimensions')),
    ...vectorProblems(value('embedder'), value('staticVectors')),
  ];
}

function dimensionProblems(model: unknown, dimensions: unknown): readonly Problem[] {
  if (typeof dimensions !== 'number') return [];
  const problem =
    typeof model === 'string' ? dimensionsProblem(embeddingModelProfile(model), dimensions) : null;
  const { name } = MODEL_SETTINGS.embeddingDimensions;
  return problem === null
    ? []
    : [{ name, detail: `is "${dimensions}", which ${String(model)} does not take: ${problem}` }];
}

function vectorProblems(embedder: unknown, staticVectors: unknown): readonly Problem[] {
  if (embedder !== 'static' || staticVectors !== 'off') return [];
  const { name } = MODEL_SETTINGS.staticVectors;
  const detail = `is "off", and without another ${MODEL_SETTINGS.embedder.name} passages would have no vectors at all`;
  return [{ name, detail }];
}
