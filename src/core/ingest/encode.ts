import type { QuantisedVector } from '../documents/document.ts';
import type { Encodings, NewEncoding, UnencodedChunk } from '../documents/encodings.ts';
import type { ChunkId, Scope } from '../documents/ids.ts';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { createWaker } from '../../lib/waker.ts';
import { ModelError } from '../models/model-error.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import type { Embedder } from '../retrieval/embedder.ts';
import { passageText } from './passage-text.ts';

export interface EncodeDependencies {
  readonly catalog: Pick<Encodings, 'chunksWithout' | 'putEncodings' | 'vectorsOf'>;
  readonly index: Pick<ChunkIndex, 'addEncodings'>;
  readonly embedder: Embedder;
  /** All collections that there are now. */
  readonly scopes: () => Promise<readonly Scope[]>;
  readonly quantise: (vector: Float32Array) => QuantisedVector;
  /** False while queries are being answered: the filler lets them go first, for a while. */
  readonly mayRun: () => boolean;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Lets what was begun go first: the next call of the encoder is on its way when a batch is stored. */
  readonly turn: () => Promise<void>;
  /** Told of every failure, and how long the filler waits before it goes on. */
  readonly onFailure: (error: unknown, retryInMs: number) => void;
}

export interface EncodeStatus {
  /** `waiting`: the encoder, or the disk, failed, and it is tried again by itself. */
  readonly state: 'filling' | 'idle' | 'waiting';
  /** Why it waits, or why some collections are left as they are. */
  readonly reason: string | null;
  /** Chunks that the encoder refuses one by one. They are found by their words. */
  readonly refused: number;
}

/** Fills in the vectors of an encoder behind everything else. Disposing it stops the call that is under way. */
export interface Encode extends AsyncDisposable {
  /** Says that there may be new chunks. */
  wake(): void;
  status(): EncodeStatus;
}

/** Short: one failure among many successes should cost no more than the call itself. */
const FIRST_RETRY_MS = 25;
const LAST_RETRY_MS = 60_000;
/** A question waits no longer for a model that does one thing at a time. A slow machine finishes small batches in time. */
const BATCH_MS = 500;
const YIELD_MS = 20;
const LONGEST_YIELD_MS = 2000;

/**
 * Starts to fill: a batch of each collection in turn, one call at a time, so that a slow encoder is never asked for
 * more than it can do, and for no longer than a question can wait; while it works, the batch before is stored. What is
 * stored stays, so that a restart goes on where it was.
 */
export function createEncode(dependencies: EncodeDependencies): Encode {
  const filler = new Filler(dependencies);
  const done = filler.run();
  return {
    wake: () => filler.wake(),
    status: () => filler.status,
    async [Symbol.asyncDispose]() {
      filler.stop();
      await done;
    },
  };
}

class Filler {
  readonly #dependencies: EncodeDependencies;
  readonly #stopping = new AbortController();
  /** Refused one by one: not asked again until a restart. */
  readonly #refused = new Set<ChunkId>();
  /** Collections that cannot be filled as things are, with the reason; tried again when something changed. */
  readonly #blocked = new Map<string, string>();
  /** The batch that is on its way to the disk: never more than one. */
  readonly #pending = new Map<ChunkId, string>();
  #storing: Promise<void> | null = null;
  #waitingFor: string | null = null;
  #isFilling = true;
  readonly #waker = createWaker();
  #failures = 0;
  /** At most so many texts are taken next. */
  #batchSize = Number.POSITIVE_INFINITY;

  constructor(dependencies: EncodeDependencies) {
    this.#dependencies = dependencies;
  }

  get status(): EncodeStatus {
    const [blocked = null] = this.#blocked.values();
    const state = this.#waitingFor !== null ? 'waiting' : this.#isFilling ? 'filling' : 'idle';
    return { state, reason: this.#waitingFor ?? blocked, refused: this.#refused.size };
  }

  wake(): void {
    this.#blocked.clear();
    this.#waker.wake();
  }

  stop(): void {
    this.#stopping.abort();
    this.#waker.wake();
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#waker.rearm();
      try {
        this.#isFilling = await this.#round();
        if (!this.#isFilling) await this.#waker.sleep();
      } catch (error) {
        if (!signal.aborted) await this.#backOff(error);
      }
    }
    await this.#stored().catch((error: unknown) => this.#dependencies.onFailure(error, 0));
  }

  /** One batch of each collection; false when nothing was left to do. */
  async #round(): Promise<boolean> {
    let hasWorked = false;
    for (const scope of await this.#dependencies.scopes()) {
      if (this.#blocked.has(nameOf(scope))) continue;
      await this.#letQueriesGoFirst();
      this.#stopping.signal.throwIfAborted();
      hasWorked = (await this.#fill(scope)) || hasWorked;
    }
    if (hasWorked || this.#storing === null) return hasWorked;
    await this.#stored();
    return true;
  }

  async #fill(scope: Scope): Promise<boolean> {
    const { catalog, embedder } = this.#dependencies;
    const { model, maxBatch } = embedder.profile;
    const size = Math.min(maxBatch, this.#batchSize);
    const limit = size + this.#refused.size + this.#pending.size;
    const found = await catalog.chunksWithout(scope, model, limit);
    const storing = new Set(this.#pending.values());
    // A twin of what is being stored takes its vector over once it is there.
    const isOpen = ({ id, passage }: Passage): boolean =>
      !this.#refused.has(id) && !this.#pending.has(id) && !storing.has(passage);
    const batch = found.map(passageOf).filter(isOpen).slice(0, size);
    if (batch.length === 0) return false;
    // What is known first: the rest comes with the next batch, and then its twins are known, too.
    const known = await this.#known(scope, batch);
    const rows = known.length > 0 ? known : await this.#embedOfEach(batch);
    await this.#stored();
    this.#storing = this.#store(scope, rows);
    // Whoever waits for it next is told.
    this.#storing.catch(() => undefined);
    return true;
  }

  async #store(scope: Scope, rows: readonly Encoded[]): Promise<void> {
    const { catalog, index, embedder, turn } = this.#dependencies;
    const { model } = embedder.profile;
    for (const { id, passage } of rows) this.#pending.set(id, passage);
    try {
      await turn();
      await catalog.putEncodings(scope, model, rows);
      await index.addEncodings(scope, model, rows);
    } catch (error) {
      this.#block(scope, error);
    } finally {
      this.#pending.clear();
    }
  }

  /** Waits for the batch that is being stored. @throws what kept it from being stored. */
  async #stored(): Promise<void> {
    const storing = this.#storing;
    this.#storing = null;
    await storing;
  }

  /** A collection that is gone, or has vectors of other dimensions, does not keep the others waiting. */
  #block(scope: Scope, error: unknown): void {
    const isOfCollection =
      error instanceof HoldfastError &&
      (error.code === 'encoder_mismatch' || error.code === 'collection_not_found');
    if (!isOfCollection) throw error;
    if (error.code === 'collection_not_found') return;
    this.#blocked.set(nameOf(scope), `${error.message} ${error.advice}`);
    this.#dependencies.onFailure(error, 0);
  }

  /** Those whose passage another chunk has a vector of. */
  async #known(scope: Scope, batch: readonly Passage[]): Promise<Encoded[]> {
    const { catalog, embedder } = this.#dependencies;
    const passages = [...new Set(batch.map(({ passage }) => passage))];
    const vectors = await catalog.vectorsOf(scope, embedder.profile.model, passages);
    return batch.flatMap(({ id, passage }) => {
      const vector = vectors.get(passage);
      return vector === undefined ? [] : { id, vector, passage };
    });
  }

  /** One chunk of each passage. */
  async #embedOfEach(batch: readonly Passage[]): Promise<Encoded[]> {
    const { clock } = this.#dependencies;
    const began = clock.monotonic();
    try {
      const rows = await this.#embed([...new Map(batch.map((one) => [one.passage, one])).values()]);
      const fitting = Math.floor((batch.length * BATCH_MS) / (clock.monotonic() - began));
      this.#batchSize = Math.max(1, Math.min(fitting, 2 * batch.length));
      this.#waitingFor = null;
      this.#failures = 0;
      return rows;
    } catch (error) {
      // What fails at once was not too much.
      if (clock.monotonic() - began >= BATCH_MS) this.#batchSize = Math.max(1, Math.floor(batch.length / 2));
      throw error;
    }
  }

  /** When the model refuses a batch, its texts are tried one by one, and those refused then are left out. */
  async #embed(batch: readonly Passage[]): Promise<Encoded[]> {
    try {
      return await this.#ask(batch);
    } catch (error) {
      if (batch.length === 1 || !isRefusal(error)) throw error;
    }
    const rows: Encoded[] = [];
    const refused: ChunkId[] = [];
    let last: unknown = null;
    for (const chunk of batch) {
      try {
        rows.push(...(await this.#ask([chunk])));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        last = error;
        refused.push(chunk.id);
      }
    }
    // When all are refused it is not the texts.
    if (rows.length === 0) throw last;
    for (const id of refused) this.#refused.add(id);
    return rows;
  }

  async #ask(batch: readonly Passage[]): Promise<Encoded[]> {
    const { embedder, quantise } = this.#dependencies;
    const texts = batch.map(({ text }) => text);
    const vectors = await embedder.embedPassages(texts, this.#stopping.signal);
    requireUsable(embedder.profile.model, vectors, texts.length);
    return batch.map(({ id, passage }, at) => ({
      id,
      vector: quantise(vectors[at] ?? new Float32Array(0)),
      passage,
    }));
  }

  /** Under steady load the filler goes on slowly instead of never. */
  async #letQueriesGoFirst(): Promise<void> {
    const { mayRun, wait } = this.#dependencies;
    for (let waited = 0; waited < LONGEST_YIELD_MS && !mayRun(); waited += YIELD_MS)
      await wait(YIELD_MS, this.#stopping.signal);
  }

  async #backOff(error: unknown): Promise<void> {
    const retryInMs = retryAfter(error, this.#failures++);
    this.#waitingFor = error instanceof Error ? error.message : String(error);
    this.#dependencies.onFailure(error, retryInMs);
    try {
      await this.#dependencies.wait(retryInMs, this.#stopping.signal);
    } catch (reason) {
      if (!this.#stopping.signal.aborted) throw reason;
    }
  }
}

/** What is embedded of a chunk. */
interface Passage {
  readonly id: ChunkId;
  readonly text: string;
  /** Hash of the text. */
  readonly passage: string;
}

/** A vector and what it was made of. */
type Encoded = Required<NewEncoding>;

function passageOf({ id, title, headingPath, text }: UnencodedChunk): Passage {
  const whole = passageText(title, headingPath, text);
  return { id, text: whole, passage: sha256Hex(whole) };
}

function nameOf({ tenant, collection }: Scope): string {
  return JSON.stringify([tenant, collection]);
}

/** The model works, but not with this text. */
function isRefusal(error: unknown): boolean {
  return error instanceof ModelError && (error.failure === 'rejected' || error.failure === 'unusable');
}

/** Twice as long each time; at once the longest for what does not pass by itself. */
function retryAfter(error: unknown, failures: number): number {
  const isPassing = !(error instanceof ModelError) || error.isRetryable;
  const own = isPassing ? Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) : LAST_RETRY_MS;
  return Math.max(own, error instanceof ModelError ? (error.retryAfterMs ?? 0) : 0);
}

function requireUsable(model: string, vectors: readonly Float32Array[], count: number): void {
  const dimensions = vectors[0]?.length ?? 0;
  const isUsable =
    vectors.length === count &&
    dimensions > 0 &&
    vectors.every(
      (vector) => vector.length === dimensions && vector.every((value) => Number.isFinite(value)),
    );
  if (isUsable) return;
  throw new ModelError(
    'unusable',
    `"${model}" returned ${vectors.length} vectors of ${dimensions} dimensions for ${count} texts, or some with ` +
      'components that are no numbers',
  );
}
