import type { GenerationQuality } from '../../core/documents/generations.ts';
import type { GenerationView } from '../../core/documents/reindexing.ts';
import type { WireGeneration } from '../contract/generation.ts';

export function toWireGeneration(view: GenerationView): WireGeneration {
  const { stats, report } = view;
  return {
    id: String(view.key),
    state: view.state,
    generation: view.generation,
    language: view.language,
    chunk_tokens: view.chunkTokens,
    embedder: view.embedder,
    documents: {
      done: stats.documents.total,
      total: view.liveDocuments,
      failed: stats.documents.failed,
    },
    chunks: stats.chunks,
    kept_until: view.keptUntil,
    report:
      report === null
        ? null
        : {
            kind: report.kind,
            questions: report.questions,
            live: toWireQuality(report.live),
            candidate: toWireQuality(report.candidate),
          },
    problem: view.problem,
  };
}

function toWireQuality({ hitsAt1, hitsAt10, reciprocalRank }: GenerationQuality) {
  return { hits_at_1: hitsAt1, hits_at_10: hitsAt10, reciprocal_rank: reciprocalRank };
}
