import type { Answer, AnswerEvent, AskResponse, Citation } from '../../core/answer/answer.ts';
import type { Degradation, SearchResponse, SearchResult } from '../../core/retrieval/search.ts';
import type {
  WireAsk,
  WireCitation,
  WireDegradation,
  WireSearch,
  WireSearchResult,
} from '../contract/search.ts';

/** A search response as the API and `--json` print it. */
export function toWireSearch(response: SearchResponse): WireSearch {
  return {
    id: response.id,
    query: response.query,
    results: response.results.map(toWireResult),
    retrieval: toWireRetrieval(response.retrieval),
    degraded: response.degraded.map(toWireDegradation),
    timings_ms: response.timingsMs,
  };
}

function toWireRetrieval({
  mode,
  generation,
  embeddingModel,
}: SearchResponse['retrieval']): WireSearch['retrieval'] {
  return { mode, generation, embedding_model: embeddingModel };
}

/** An answer with its citations as the API and `--json` print it. */
export function toWireAsk(response: AskResponse): WireAsk {
  const { results, retrieval, degraded, timings_ms, ...head } = toWireSearch(response);
  return {
    ...head,
    answer: toWireAnswer(response.answer),
    citations: response.citations.map(toWireCitation),
    results,
    retrieval,
    degraded,
    cache: response.cache,
    ...(response.stalenessSeconds === undefined ? {} : { staleness_seconds: response.stalenessSeconds }),
    timings_ms,
  };
}

function toWireCitation(citation: Citation): WireCitation {
  return { marker: citation.marker, ...toWirePlace(citation), quote: citation.quote };
}

function toWireDegradation(degradation: Degradation): WireDegradation {
  const { component, mode, reason, since } = degradation;
  return { component, mode, reason, since };
}

/** The data of one event of a streamed answer. */
export function toWireAnswerEvent(
  event: AnswerEvent,
): WireSearch | WireAsk | WireCitation | WireDegradation | { readonly text: string } {
  switch (event.type) {
    case 'retrieval':
      return toWireSearch(event.data);
    case 'delta':
      return { text: event.data.text };
    case 'citation':
      return toWireCitation(event.data);
    case 'degraded':
      return toWireDegradation(event.data);
    case 'final':
      return toWireAsk(event.data);
  }
}

function toWireResult(result: SearchResult): WireSearchResult {
  return { rank: result.rank, ...toWirePlace(result), text: result.text, score: result.score };
}

function toWireAnswer(answer: Answer): WireAsk['answer'] {
  const { text, mode, refused, reason, unsupported } = answer;
  const flagged = unsupported?.map(({ start, end }) => ({ start, end }));
  return { text, mode, refused, reason, ...(flagged === undefined ? {} : { unsupported: flagged }) };
}

function toWirePlace(place: SearchResult | Citation) {
  return {
    chunk_id: place.chunkId,
    document_id: place.documentId,
    document_version: place.documentVersion,
    collection: place.collection,
    title: place.title,
    uri: place.uri,
    heading_path: place.headingPath,
    page: place.page,
    lines: place.lines ?? null,
    start: place.start,
    end: place.end,
  };
}
