import type { CollectionStats, OwnEmbedder } from './collection.ts';
import type { Block, Chunk, DocumentRecord, Metadata } from './document.ts';
import type { DocumentId, GenerationId, Scope, VersionId } from './ids.ts';

/**
 * `live` serves. `filling` is being made beside it, `ready` is complete and may go live, `previous` has served and may
 * serve again. All but the live one follow the live one: what changes there changes here a little later.
 */
export type GenerationState = 'filling' | 'ready' | 'live' | 'previous';

/** What a generation is made with. */
export interface GenerationSettings {
  /** ISO 639-1 code for every document, or `auto`. */
  readonly language: string;
  /** Target size of chunks; null: as the service is set. */
  readonly chunkTokens: number | null;
  /** Null: as the service is set. */
  readonly embedder: OwnEmbedder | null;
}

/** A question, and the documents that answer it. */
export interface JudgedQuestion {
  readonly question: string;
  readonly documents: readonly DocumentId[];
}

/** How well one generation finds what it should. All 0 to 1. */
export interface GenerationQuality {
  /** Share of the questions with a right document in the first place. */
  readonly hitsAt1: number;
  readonly hitsAt10: number;
  /** Mean of 1 / place of the first right document, 0 beyond the tenth place. */
  readonly reciprocalRank: number;
}

/** The live generation and another one on the same questions. */
export interface GenerationReport {
  /** `judged`: given with the request; `sampled`: sentences of documents, to be found in their own document. */
  readonly kind: 'judged' | 'sampled';
  readonly questions: number;
  readonly live: GenerationQuality;
  readonly candidate: GenerationQuality;
}

export interface GenerationRecord extends GenerationSettings {
  /** Never used twice. */
  readonly key: number;
  /** For calls that keep to it. */
  readonly scope: Scope;
  /** The collection that it is, or was, or may become. */
  readonly collection: Scope;
  readonly state: GenerationState;
  readonly generation: GenerationId;
  readonly stats: CollectionStats;
  readonly createdAt: string;
  /** When it stopped serving; null when it never did. */
  readonly retiredAt: string | null;
  readonly questions: readonly JudgedQuestion[];
  readonly report: GenerationReport | null;
  /** Why it does not go on; null when it does. */
  readonly problem: string | null;
}

/** A version as it is stored: enough to split and embed it anew. */
export interface StoredVersion {
  readonly id: VersionId;
  readonly title: string;
  readonly uri: string | null;
  readonly language: string | null;
  readonly metadata: Metadata;
  readonly text: string;
  /** Null for a version that was stored without them. */
  readonly blocks: readonly Block[] | null;
  readonly chunks: readonly Chunk[];
}

/** How far a generation has followed: up to this document in the order of (sequence, key) of the live one. */
export interface FollowedPlace {
  readonly sequence: number;
  readonly documentKey: number;
}

/** What another generation takes over of a document, beside its version. */
export type FollowedDraft = Pick<
  DocumentRecord,
  | 'id'
  | 'sourceKey'
  | 'origin'
  | 'item'
  | 'problem'
  | 'title'
  | 'uri'
  | 'format'
  | 'language'
  | 'metadata'
  | 'contentHash'
  | 'sizeBytes'
> & {
  readonly state: 'ready' | 'failed' | 'skipped';
  /** As in `DocumentDraft`. */
  readonly givenLanguage?: string | null;
};

export interface FollowedDocument {
  readonly draft: FollowedDraft;
  readonly stored: StoredVersion | null;
}

/** What a generation has to take over next. */
export interface FollowStep {
  readonly documents: readonly FollowedDocument[];
  /** Documents that have left the live generation; `isBack`: and have come again since. */
  readonly departed: readonly { readonly id: DocumentId; readonly isBack: boolean }[];
  /** Where the generation is when it has taken this over. */
  readonly place: FollowedPlace;
  readonly isLast: boolean;
}

/** What an estimate of another generation starts from. */
export interface StoredSizes {
  readonly chunks: number;
  /** Mean size of the text of a chunk. */
  readonly chunkTextBytes: number;
  readonly documents: number;
}

/**
 * Generations of collections. Each one is a collection of its own under a name that no list shows
 * (`generationScope`); the live one has the public name. Part of the port `Catalog`, with the same promises.
 */
export interface Generations {
  /** The scope of the generation that serves now; a scope of a generation, or of no collection, as it is. Cheap. */
  pin(scope: Scope): Scope;
  /** An empty generation beside the live one. @throws `collection_not_found`, `generation_exists`. */
  createGeneration(
    scope: Scope,
    draft: GenerationSettings & {
      readonly generation: GenerationId;
      readonly questions: readonly JudgedQuestion[];
    },
  ): Promise<GenerationRecord>;
  /** Of one collection, or of all of all tenants; in the order they were made. None for one that has only one. */
  generations(scope: Scope | null): Promise<readonly GenerationRecord[]>;
  /** What a generation that is not live lacks, in bounded pieces. */
  unfollowed(generation: Scope): Promise<FollowStep>;
  /** Remembers that a step was taken over. */
  followed(generation: Scope, step: FollowStep): Promise<void>;
  describeGeneration(
    generation: Scope,
    change: Partial<Pick<GenerationRecord, 'problem' | 'report'>> & { readonly state?: 'ready' },
  ): Promise<void>;
  /**
   * Makes it the live one and the live one `previous`, in one transaction. It must have followed to the end.
   * @throws `collection_not_found`.
   */
  activateGeneration(generation: Scope): Promise<void>;
  storedSizes(scope: Scope): Promise<StoredSizes>;
}
