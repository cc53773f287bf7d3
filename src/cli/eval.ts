import { resolve } from 'node:path';
import { evaluateSet, EVALUATION_MODES, type EvaluationMode } from '../app/evaluate.ts';
import { HoldfastError } from '../core/errors.ts';
import { EXIT, textFlag, type Command } from './command.ts';

export const evaluate: Command = {
  name: 'eval',
  usage: 'DIR [--mode lexical|dense|hybrid|all]',
  summary: 'Measures retrieval on a folder of judged questions.',
  options: { mode: { type: 'string' } },
  optionHelp: { '--mode MODE': 'lexical, dense, hybrid or all (default)' },
  async run({ words, flags, output, isJson, ...invocation }) {
    const [folder] = words;
    if (folder === undefined)
      throw new HoldfastError(
        'invalid_usage',
        'holdfast eval needs a folder with corpus.jsonl, queries.jsonl and qrels.tsv',
      );
    const config = invocation.config();
    const logger = invocation.logger({ ...config, logLevel: 'warn' });
    const modes = readModes(textFlag(flags, 'mode') ?? 'all');
    const evaluation = await evaluateSet(resolve(folder), {
      config,
      logger,
      modes,
      onProgress: output.progress,
    });
    output.progressDone();
    if (isJson) output.json(evaluation);
    else {
      output.result(
        `${evaluation.set}: ${evaluation.documents} documents, ${evaluation.chunks} passages, ${evaluation.queries} questions`,
      );
      for (const [mode, metrics] of Object.entries(evaluation.modes)) {
        output.result(
          `  ${mode.padEnd(8)} ${Object.entries(metrics)
            .map(([name, value]) => `${name} ${value.toFixed(4)}`)
            .join('  ')}`,
        );
      }
    }
    return EXIT.done;
  },
};

function readModes(text: string): readonly EvaluationMode[] {
  if (text === 'all') return EVALUATION_MODES;
  const mode = EVALUATION_MODES.find((known) => known === text);
  if (mode === undefined)
    throw new HoldfastError('invalid_usage', `--mode "${text}" is not one of lexical, dense, hybrid, all`);
  return [mode];
}
