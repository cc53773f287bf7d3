import { ERRORS } from '../../core/errors.ts';
import type { DocumentProblem } from '../../core/documents/document.ts';
import type { IngestProgress, IngestSummary, SyncPlan } from '../../core/documents/library.ts';
import type { WireIngestProgress, WireIngestSummary, WireSyncPlan } from '../contract/ingest.ts';

interface ProblemItem {
  readonly item: string;
  readonly problem: DocumentProblem;
}

export function toWireIngestSummary(summary: IngestSummary): WireIngestSummary {
  const { found, added, updated, unchanged, removed, failed, skipped } = summary.files;
  return {
    files: { found, added, updated, unchanged, removed, failed, skipped },
    documents: summary.documents,
    chunks: summary.chunks,
    bytes: summary.bytes,
    elapsed_ms: summary.elapsedMs,
    failures: summary.failures.map(toWireProblemItem),
    skipped: summary.skipped.map(toWireProblemItem),
  };
}

export function toWireIngestProgress(progress: IngestProgress): WireIngestProgress {
  const { done, found, chunks, failure } = progress;
  return { done, found, chunks, failure: failure === null ? null : toWireProblemItem(failure) };
}

export function toWireProblemItem({ item, problem }: ProblemItem) {
  return { item, problem: { code: problem.code, reason: problem.reason, advice: ERRORS[problem.code][1] } };
}

export function toWireSyncPlan({ files, removed, refusal }: SyncPlan): WireSyncPlan {
  const problem =
    refusal === null ? null : { code: refusal.code, reason: refusal.reason, advice: ERRORS[refusal.code][1] };
  return { dry_run: true, files, removed, refusal: problem };
}
