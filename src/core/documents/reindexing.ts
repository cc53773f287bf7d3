import type { GenerationEstimate } from './estimate-generation.ts';
import type { GenerationRecord } from './generations.ts';
import type { Scope } from './ids.ts';

export interface ReindexRequest {
  /** Target size of chunks; left out: as the live generation. */
  readonly chunkTokens?: number;
  /** ISO 639-1 or `auto`; left out: as the live generation. */
  readonly language?: string;
  /**
   * `static`, `none`, the name of an embedding model that the service has, or `server`: as the service is set. Left
   * out: as the live generation.
   */
  readonly embedder?: string;
  /** Documents by id or source key. None: the comparison makes questions of its own. */
  readonly questions?: readonly { readonly question: string; readonly documents: readonly string[] }[];
}

export interface GenerationView extends GenerationRecord {
  /** ISO time until which one that has served is kept; null for the others. */
  readonly keptUntil: string | null;
  /** What the live generation has: where `stats.documents.total` goes. */
  readonly liveDocuments: number;
}

/** Generations as the edges use them. All throw `collection_not_found` and `generation_not_found`. */
export interface Reindexing {
  /** Starts another generation beside the live one. @throws `generation_exists`, `generation_does_not_fit`, `embedder_not_configured`. */
  start(
    scope: Scope,
    request: ReindexRequest,
  ): Promise<{ readonly generation: GenerationView; readonly estimate: GenerationEstimate }>;
  /** In the order they were made; none when there never was another one. */
  list(scope: Scope): Promise<readonly GenerationView[]>;
  get(scope: Scope, key: number): Promise<GenerationView>;
  /** Makes it the one that serves, between two questions. @throws `generation_not_ready`. */
  activate(scope: Scope, key: number): Promise<GenerationView>;
  /** Activates the one that served before. */
  rollBack(scope: Scope): Promise<GenerationView>;
  /** @throws `generation_serves`. */
  delete(scope: Scope, key: number): Promise<void>;
}
