import type { DocumentId, Scope, VersionId } from './ids.ts';
import type { Sketch } from './sketch.ts';

/** A searchable document with what it is compared by. */
export interface SketchedDocument {
  readonly id: DocumentId;
  readonly sketch: Sketch;
}

/** One step of reading the sketches of a collection. */
export interface SketchStep {
  readonly documents: readonly SketchedDocument[];
  /** Where the next step goes on; null at the end. */
  readonly next: number | null;
}

/** The catalog's part about near duplicates. A version without words has no sketch. */
export interface Sketches {
  /** Sketches of the searchable documents in the order in which their versions were stored; the first step goes on from 0. */
  sketchStep(scope: Scope, from: number): Promise<SketchStep>;
  /** Of those versions asked for that are searchable and have one. */
  sketchesOf(scope: Scope, versions: readonly VersionId[]): Promise<ReadonlyMap<VersionId, Sketch>>;
}
