/** One turn of a conversation. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What a generation model can do, as data. */
export interface GeneratorProfile {
  /** Name as the server knows it. */
  readonly model: string;
  /** Tokens of prompt and answer together. */
  readonly contextTokens: number;
  /** Upper bound of an answer in tokens. */
  readonly maxOutputTokens: number;
  /** False: the whole answer comes at once. */
  readonly canStream: boolean;
}

export interface GenerateRequest {
  readonly messages: readonly Message[];
  readonly maxOutputTokens: number;
  /** 0 = always the likeliest token. */
  readonly temperature: number;
}

/** Writes text with a language model. */
export interface Generator {
  readonly profile: GeneratorProfile;
  /**
   * Pieces of the answer's text as they come; ends when the model is done. Aborting the signal closes the
   * connection, which stops the model. @throws ModelError, also in the middle.
   */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<string>;
  /** Loads the model, so that the first answer does not wait for it. @throws ModelError. */
  preload(signal: AbortSignal): Promise<void>;
  /** Whether the model is in the server's memory; left out when that cannot be told. @throws ModelError. */
  readonly isLoaded?: (signal: AbortSignal) => Promise<boolean>;
}
